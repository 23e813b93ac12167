"""Small weights files of every kind that people have, for packages/weights/golden/kinds, and what they hold.

env -u OPENBLAS_CORETYPE python3 tooling/golden/weights_kinds.py     (torch 1.13, numpy, h5py)
"""
import argparse
import collections
import datetime
import enum
import functools
import io
import json
import os
import pathlib
import pickle
import shutil
import struct
import sys
import types
import zipfile

import h5py
import numpy as np
import torch
from torch import nn

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../packages/weights/golden/kinds')
LEGACY = {'_use_new_zipfile_serialization': False}
EXPECTED = {}
torch.manual_seed(0)


def path(name):
    return os.path.join(OUT, name)


def ramp(*shape):
    """0, 1/8, -2/8, 3/8, … : exact in every float type here."""
    n = int(np.prod(shape)) if shape else 1
    values = torch.arange(n, dtype=torch.float32) / 8
    values[2::3] *= -1
    return values.reshape(shape)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4, eps=1e-3)
        self.act = nn.SiLU()
        self.layer = nn.Sequential(nn.Conv2d(4, 4, 3, dilation=2, bias=False), nn.ReLU())
        self.fc = nn.Linear(4, 2)
        self.register_buffer('scratch', torch.zeros(1), persistent=False)

    def forward(self, x):
        return self.fc(self.layer(self.act(self.bn1(self.conv1(x)))).mean((2, 3)))


Net.__module__ = 'people.nets'
sys.modules['people'] = types.ModuleType('people')
sys.modules['people.nets'] = types.ModuleType('people.nets')
sys.modules['people.nets'].Net = Net


def net():
    model = Net().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(ramp(*p.shape))
    return model


def tensor(t):
    t = t.detach() if isinstance(t, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(t).copy()).reshape(t.shape)
    dtype = str(t.dtype)[6:]
    flat = t.reshape(-1)
    return {'dtype': dtype, 'shape': list(t.shape),
            'values': [str(v) for v in flat.tolist()] if t.dtype == torch.int64 else flat.double().tolist()}


def expect(name, format_, dicts, facts=None, notes=None):
    EXPECTED[name] = {'format': format_, 'facts': facts or {}, 'notes': notes or [],
                      'dicts': {p: {n: tensor(t) for n, t in d.items()} for p, d in dicts.items()}}


def refuse(name, code, says):
    EXPECTED[name] = {'code': code, 'says': says}


def fake(module, name, base=object):
    """A class of a library that is not installed here, importable while pickling."""
    parts = module.split('.')
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault('.'.join(parts[:i]), types.ModuleType('.'.join(parts[:i])))
    made = type(name, (base,), {})
    made.__module__ = module
    setattr(sys.modules[module], name, made)
    return made


class Slotted:
    __slots__ = ('weight', 'label', '__dict__')


class WithArgs:
    def __new__(cls, a, *, b):
        return super().__new__(cls)

    def __init__(self, a, *, b):
        self.b = b

    def __getnewargs_ex__(self):
        return (1,), {'b': 2}


class Colour(enum.Enum):
    RED = 'red'


def objects():
    """A checkpoint with what people and frameworks keep beside the weights."""
    sd = net().state_dict()
    optimizer = torch.optim.Adam(nn.Linear(2, 2).parameters())
    config = fake('omegaconf.dictconfig', 'DictConfig')()
    config._content = {'arch': 'resnet18', 'lr': .1}
    history = fake('mmengine.logging.history_buffer', 'HistoryBuffer')()
    history._log_history = np.arange(3.)
    dict_like, list_like = fake('unknown.pack', 'AttrDict', dict)(num_classes=7), fake('unknown.pack', 'Names', list)(['a', 'b'])
    for made in (Slotted, WithArgs, Colour):
        made.__module__ = 'unknown.pack'
        setattr(sys.modules['unknown.pack'], made.__name__, made)
    slotted = Slotted()
    slotted.label, slotted.extra = 'slot', 3
    return sd, {
        'epoch': 3, 'args': argparse.Namespace(model='resnet18', data=pathlib.PurePosixPath('/data/x'), device=torch.device('cpu')),
        'state_dict': sd, 'best': np.float64(77.1), 'history': np.arange(5.), 'also': np.arange(5), 'classes': np.array(['a', 'b']),
        'dtype': np.dtype('float32'), 'config': config, 'log': {'train/lr': history}, 'dict_like': dict_like, 'list_like': list_like,
        'slotted': slotted, 'with_args': WithArgs(1, b=2), 'colour': Colour.RED, 'partial': functools.partial(print, 1), 'torch_dtype': torch.float16,
        'when': datetime.datetime(2020, 1, 2), 'set': {1, 2}, 'frozen': frozenset({3}), 'bytes': b'\x00\xff', 'array': bytearray(b'\x01\xfe'),
        'complex': 1 + 2j, 'range': range(3), 'big': 2 ** 80, 'class': nn.ReLU, 'optimizer': optimizer, 'tuple': (1, (2,)),
        'scheduler': torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)}


class Old(pickle._Pickler):
    """Bytes and texts as Python 2 wrote them."""
    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, obj):
        data = obj.encode('latin1') if isinstance(obj, str) else obj
        self.write(b'U' + bytes([len(data)]) + data if len(data) < 256 else b'T' + struct.pack('<I', len(data)) + data)
        self.memoize(obj)

    dispatch[str] = dispatch[bytes] = save_text


def jax_reconstruct(fun, args, state, aval):
    raise NotImplementedError


class Jax:
    def __init__(self, t):
        self.t = t

    def __reduce__(self):
        fun, args, state = self.t.numpy().__reduce__()
        return jax_reconstruct, (fun, args, state, {'weak_type': False})


fake('jax._src.array', 'Array')
jax_reconstruct.__module__, jax_reconstruct.__qualname__ = 'jax._src.array', '_reconstruct_array'
sys.modules['jax._src.array']._reconstruct_array = jax_reconstruct


def arrays():
    rng = ramp(2, 3).numpy()
    return collections.OrderedDict([
        ('f4', rng), ('f8', rng.astype('f8')), ('f2', rng.astype('f2')), ('i8', np.array([1, -2, 2 ** 60])), ('i4', np.array([1, -2], 'i4')),
        ('i2', np.array([3, -4], 'i2')), ('i1', np.array([5, -6], 'i1')), ('u1', np.array([7, 255], 'u1')), ('b1', np.array([True, False])),
        ('big', rng.astype('>f4')), ('bigger', np.array([1, -2, 2 ** 60], '>i8')), ('fortran', np.asfortranarray(ramp(4, 3).numpy())),
        ('scalar', np.array(2.5, 'f4')), ('empty', np.zeros((0, 3), 'f4')), ('long', ramp(300).numpy())])


def native(d):
    return {n: a.astype(a.dtype.newbyteorder('=')) for n, a in d.items()}


def pickles():
    d = arrays()
    for protocol in (0, 1, 2, 3, 4, 5):
        name = f'numpy.protocol{protocol}.pkl'
        pickle.dump({'model': d, '__author__': 'torchvision', 'words': np.array(['x'])}, open(path(name), 'wb'), protocol)
        expect(name, 'pickle', {'model': native(d)}, {'__author__': 'torchvision'})
    Old(open(path('numpy.python2.pkl'), 'wb'), 2).dump({'blobs': dict(d)})
    expect('numpy.python2.pkl', 'pickle', {'blobs': native(d)})

    sd = net().state_dict()
    for protocol in (2, 4):
        name = f'tensors.protocol{protocol}.pkl'
        pickle.dump(sd, open(path(name), 'wb'), protocol)
        expect(name, 'pickle', {'': sd})

    # As jax writes its arrays.
    pickle.dump({'conv/w': Jax(ramp(2, 2)), 'conv/b': Jax(ramp(2))}, open(path('jax.pkl'), 'wb'))
    expect('jax.pkl', 'pickle', {'': {'conv/w': ramp(2, 2), 'conv/b': ramp(2)}})

    pickle.dump([1, 'two'], open(path('plain.pkl'), 'wb'))
    refuse('plain.pkl', 'no-tensors', 'got a list; save the weights, with torch.save(model.state_dict(), path)')


def checkpoints():
    sd, checkpoint = objects()
    facts = {'epoch': 3, 'args.model': 'resnet18', 'config._content.arch': 'resnet18', 'dict_like.num_classes': 7, 'list_like.1': 'b',
             'slotted.label': 'slot', 'slotted.extra': 3, 'tuple.1.0': 2}
    notes = ["left out, being no tensors"]
    torch.save(checkpoint, path('objects.zip.pth'))
    expect('objects.zip.pth', 'pytorch-zip', {'state_dict': sd}, facts)
    torch.save(checkpoint, path('objects.legacy.pth'), pickle_protocol=4, **LEGACY)
    expect('objects.legacy.pth', 'pytorch-legacy', {'state_dict': sd}, facts)

    torch.save((3, sd), path('tuple.pth'))
    expect('tuple.pth', 'pytorch-zip', {'1': sd}, {'0': 3})
    half = collections.OrderedDict((n, t.half() if t.is_floating_point() else t) for n, t in sd.items())
    torch.save({'student': {'net': sd}, 'teacher': [half], 'best_acc1': torch.tensor(71.5)}, path('nested.pth'))
    expect('nested.pth', 'pytorch-zip', {'student.net': sd, 'teacher.0': half})

    model = net()
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 3, 9, 9)).sum().backward()
    optimizer.step()
    torch.save({'optimizer': optimizer.state_dict(), 'net': model.state_dict(), 'raw': {0: {'exp_avg': ramp(2), 'exp_avg_sq': ramp(2)}}}, path('adam.pth'))
    # exp_avg, exp_avg_sq and step of the six parameters, and two
    expect('adam.pth', 'pytorch-zip', {'net': model.state_dict()}, {}, ["left out: 20 tensors of an optimiser's state (optimizer, raw)"])

    torch.save(list(sd.items()), path('items.pth'))
    expect('items.pth', 'pytorch-zip', {'': sd})
    torch.save(list(net().parameters()), path('list.pth'))
    refuse('list.pth', 'no-tensors', '6 tensors in a list, without names; save model.state_dict(), which names them')
    torch.save({'epoch': 1}, path('nothing.pth'))
    refuse('nothing.pth', 'no-tensors', 'got a dict of epoch')


class Packed:
    def __init__(self, t):
        self.t = t

    def __reduce__(self):
        return sys.modules['unknown.pack'].unpack, (self.t,)


def unpack(t):
    return t


def unknown_tensors():
    unpack.__module__ = 'unknown.pack'
    sys.modules['unknown.pack'].unpack = unpack
    torch.save({'state_dict': {'conv1.weight': ramp(2, 2), 'fc.weight': Packed(ramp(2)), 'fc.bias': ramp(2)}}, path('unknown.pth'))
    refuse('unknown.pth', 'unsupported', 'state_dict.fc.weight: expected a tensor that torch rebuilds from its numbers, got one that unknown.pack.unpack makes, which is not run')
    torch.save({'state_dict': {'a': ramp(2, 2), 'b': ramp(2)}, 'other': Packed(ramp(2))}, path('unknown_beside.pth'))
    expect('unknown_beside.pth', 'pytorch-zip', {'state_dict': {'a': ramp(2, 2), 'b': ramp(2)}})
    torch.save({'a': ramp(2, 2), 'b': torch.ones(2, dtype=torch.complex64)}, path('complex.pth'))
    refuse('complex.pth', 'unsupported', 'storage of torch.ComplexFloatStorage')
    torch.save({'a': ramp(2, 2), 'b': ramp(2, 2).to_sparse()}, path('sparse.pth'))
    refuse('sparse.pth', 'unsupported', 'b: expected a tensor that torch rebuilds from its numbers, got one that torch._utils._rebuild_sparse_tensor makes')


def modules():
    model = net()
    facts = {'conv1.stride': '2,2', 'conv1.padding': '1,1', 'layer.0.dilation': '2,2', 'bn1.eps': 1e-3, 'act.__class__': 'torch.nn.modules.activation.SiLU',
             'layer.1.__class__': 'torch.nn.modules.activation.ReLU', '__class__': 'people.nets.Net'}
    at = lambda p: {f'{p}.{n}': v for n, v in facts.items()}
    torch.save(model, path('whole.pth'))
    expect('whole.pth', 'pytorch-zip', {'': model.state_dict()}, facts)
    torch.save({'net': model, 'acc': 93.1}, path('whole.legacy.t7'), **LEGACY)
    expect('whole.legacy.t7', 'pytorch-legacy', {'net': model.state_dict()}, {**at('net'), 'acc': 93.1})
    torch.save(nn.DataParallel(model), path('whole.parallel.pth'))
    expect('whole.parallel.pth', 'pytorch-zip', {'': nn.DataParallel(model).state_dict()}, {**at('module'), '__class__': 'torch.nn.parallel.data_parallel.DataParallel'} | {'module.__class__': None})
    del EXPECTED['whole.parallel.pth']['facts']['module.__class__']
    graph = torch.fx.symbolic_trace(model)
    torch.save(graph, path('graph.pth'))
    expect('graph.pth', 'pytorch-zip', {'': graph.state_dict()}, {'conv1.stride': '2,2', 'bn1.eps': 1e-3})
    odd = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU())
    odd.add_module('packed', fake('unknown.pack', 'PackedConv', nn.Module)())
    type(odd.packed).__getstate__ = lambda self: (1, ramp(2))
    torch.save(odd, path('opaque.pth'))
    expect('opaque.pth', 'pytorch-zip', {'': nn.Sequential(odd[0]).state_dict()}, {}, ['left out, being no tensors: packed (unknown.pack.PackedConv)'])
    learner = fake('fastai.learner', 'Learner')()
    learner.model, learner.lr = model, .001
    torch.save(learner, path('learner.pkl'))
    expect('learner.pkl', 'pytorch-zip', {'model': model.state_dict()}, {**at('model'), 'lr': .001})


def save_script(module, name):
    """Without the entries that say where on this machine its code was."""
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    with zipfile.ZipFile(buffer) as origin, zipfile.ZipFile(path(name), 'w') as target:
        for info in origin.infolist():
            if not info.filename.endswith('.debug_pkl'):
                target.writestr(info.filename, origin.read(info.filename), info.compress_type)


def scripts():
    model = net()
    sd = {n: t for n, t in list(model.state_dict().items())}
    facts = {'__class__': 'people.nets.Net', 'act.__class__': 'torch.nn.modules.activation.SiLU', 'conv1.stride': '2,2', 'conv1.padding': '1,1',
             'layer.0.dilation': '2,2', 'bn1.eps': 1e-3}
    traced = torch.jit.trace(model, torch.ones(1, 3, 9, 9))
    save_script(traced, 'traced.pt')
    expect('traced.pt', 'torchscript', {'': {**sd, 'scratch': torch.zeros(1)}}, facts)
    scripted = torch.jit.script(model)
    save_script(scripted, 'scripted.pt')
    expect('scripted.pt', 'torchscript', {'': {**sd, 'scratch': torch.zeros(1)}}, facts)
    save_script(torch.jit.freeze(scripted), 'frozen.pt')
    refuse('frozen.pt', 'no-tensors', 'whose weights are constants of its code (frozen)')
    # As torch.jit writes packed weights; making them needs an engine that this torch lacks.
    packed = fake('__torch__.torch.classes.quantized', 'LinearPackedParamsBase')()
    packed.state = 1
    with zipfile.ZipFile(path('quantized.pt'), 'w') as target:
        target.writestr('quantized/data.pkl', pickle.dumps({'fc': packed, 'bias': 1}, 2))
        target.writestr('quantized/constants.pkl', pickle.dumps((), 2))
    refuse('quantized.pt', 'unsupported', 'got a quantised one')


def quantized():
    w, b = ramp(4, 3, 2), ramp(4)
    channels = torch.quantize_per_channel(w, torch.tensor([.1, .02, .03, .5]).double(), torch.tensor([0, 3, -2, 1]), 0, torch.qint8)
    axis1 = torch.quantize_per_channel(w, torch.tensor([.1, .02, .03]).double(), torch.tensor([0, 3, 2]), 1, torch.quint8)
    whole = torch.quantize_per_tensor(w, .037, 12, torch.quint8)
    wide = torch.quantize_per_tensor(w, 1e-4, 0, torch.qint32)
    d = {'channels': channels, 'axis1': axis1, 'whole': whole, 'wide': wide, 'strided': whole.permute(2, 0, 1), 'b': b}
    torch.save(d, path('quantized.pth'))
    expect('quantized.pth', 'pytorch-zip', {'': {n: t.dequantize() if t.is_quantized else t for n, t in d.items()}}, {},
           ['quantised tensors are read as the float32 numbers that their integers stand for'])
    # quantize_dynamic's state dict of a linear layer.
    torch.save({'fc.scale': torch.tensor(1.), 'fc.zero_point': torch.tensor(0), 'fc._packed_params.dtype': torch.qint8,
                'fc._packed_params._packed_params': (whole, b)}, path('dynamic.pth'))
    expect('dynamic.pth', 'pytorch-zip', {'': {'fc.scale': torch.tensor(1.), 'fc.zero_point': torch.tensor(0), 'fc.weight': whole.dequantize(), 'fc.bias': b}})


def npz():
    d = {n: a for n, a in arrays().items()}
    for name, save in (('stored.npz', np.savez), ('deflated.npz', np.savez_compressed)):
        save(path(name), **{'resnet/' + n: a for n, a in d.items()}, words=np.array(['x']))
        expect(name, 'npz', {'': {'resnet/' + n: a for n, a in native(d).items()}}, {}, ['left out, being no arrays of numbers: words'])
    np.savez(path('unnamed.npz'), ramp(2).numpy(), ramp(3).numpy())
    refuse('unnamed.npz', 'no-tensors', 'got 2 without names; save them with numpy.savez(path, **state_dict)')
    np.save(path('dict.npy'), dict(d))
    expect('dict.npy', 'pickle', {'': native(d)})
    np.save(path('one.npy'), ramp(2, 2).numpy())
    refuse('one.npy', 'not-weights', 'one NumPy array, without a name')


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    checkpoints()
    unknown_tensors()
    pickles()
    modules()
    scripts()
    quantized()
    npz()
    json.dump(EXPECTED, open(path('expected.json'), 'w'))


main()
