"""Small files of Keras and h5py, for packages/weights/golden/keras, and the weights in them.

python3 tooling/golden/keras_files.py     (Keras 3 with any backend, h5py)
"""
import json
import os
import shutil

import h5py
import keras
import numpy as np
from keras import layers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../packages/weights/golden/keras')
EXPECTED = {}


def path(name):
    return os.path.join(OUT, name)


def ramp(*shape):
    """0, 1/8, -2/8, 3/8, … : exact in every float type here."""
    values = np.arange(int(np.prod(shape)), dtype='f4') / 8
    values[2::3] *= -1
    return values.reshape(shape)


def array(a):
    return {'dtype': str(a.dtype), 'shape': list(a.shape),
            'values': [str(v) for v in a.reshape(-1).tolist()] if a.dtype == np.int64 else a.reshape(-1).astype('f8').tolist()}


def expect(name, weights, metadata=None, notes=()):
    EXPECTED[name] = {'format': 'keras', 'facts': {}, 'notes': list(notes), 'metadata': metadata or {},
                      'dicts': {'': {n: array(np.asarray(a)) for n, a in weights.items()}}}


def refuse(name, code, says):
    EXPECTED[name] = {'code': code, 'says': says}


def tiny():
    """ResNet's layers under names of its own, with a normalisation without scale and a model as a layer."""
    i = layers.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding='same', name='conv1_conv')(i)
    x = layers.BatchNormalization(name='conv1_bn', epsilon=1.001e-5)(x)
    x = layers.ReLU()(x)
    y = layers.Conv2D(4, 1, use_bias=False, name='conv2_conv')(x)
    y = layers.BatchNormalization(scale=False, name='conv2_bn')(y)
    inner = keras.Sequential([layers.Input((8, 8, 4)), layers.DepthwiseConv2D(1, name='dw'), layers.Conv2D(4, 1, name='pw')], name='inner')
    x = layers.Add()([x, inner(y)])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(2, name='predictions')(x)
    model = keras.Model(i, x, name='tiny')
    for n, w in enumerate(model.weights):
        w.assign(ramp(*w.shape) + n)
    return model


def named(model, prefix=''):
    weights = {}
    for layer in model.layers:
        if hasattr(layer, 'layers'):
            weights.update(named(layer, f'{prefix}{layer.name}/'))
        else:
            weights.update({f'{prefix}{layer.name}/{w.name}': w.numpy() for w in layer.weights})
    return weights


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    model = tiny()
    weights = named(model)
    model.save(path('tiny.keras'))
    expect('tiny.keras', weights)
    model.save(path('tiny.h5'))
    expect('tiny.h5', weights, {'keras.version': keras.__version__})
    model.compile('sgd', 'mse')
    model.optimizer.build(model.trainable_variables)
    model.save_weights(path('tiny.weights.h5'))
    # Without a config nothing says whether the first of three is gamma or beta.
    three = {'conv2_bn/beta': 'conv2_bn/0', 'conv2_bn/moving_mean': 'conv2_bn/1', 'conv2_bn/moving_variance': 'conv2_bn/2'}
    expect('tiny.weights.h5', {three.get(n, n): a for n, a in weights.items()})

    # As TensorFlow's Keras 2 wrote it.
    with h5py.File(path('keras2.h5'), 'w') as f:
        f.attrs['model_config'], f.attrs['keras_version'], f.attrs['backend'] = json.dumps({'class_name': 'Functional'}), '2.4.0', b'tensorflow'
        g = f.create_group('model_weights')
        g.attrs['layer_names'] = np.array([b'conv2d', b'dense'])
        g.create_dataset('conv2d/conv2d/kernel:0', data=ramp(3, 3, 1, 2))
        g.create_dataset('conv2d/conv2d/bias:0', data=ramp(2))
        g.create_dataset('outer/dense/kernel:0', data=ramp(2, 2))
        f.create_group('optimizer_weights').create_dataset('Adam/iter:0', data=7)
    expect('keras2.h5', {'conv2d/kernel': ramp(3, 3, 1, 2), 'conv2d/bias': ramp(2), 'outer/dense/kernel': ramp(2, 2)},
           {'keras.config': '{"class_name": "Functional"}', 'keras.version': '2.4.0', 'keras.backend': 'tensorflow'})

    d = {}
    with h5py.File(path('layouts.h5'), 'w') as f:
        def put(name, data, **options):
            f.create_dataset(name, data=data, **options)
            d[name] = data.astype(data.dtype.newbyteorder('='))
        put('f8', ramp(2, 3).astype('f8'))
        put('f2', ramp(7).astype('f2'))
        put('i8', np.array([1, -2, 2 ** 60]))
        put('u1', np.array([7, 255], 'u1'))
        put('big', ramp(2, 3).astype('>f4'))
        put('scalar', np.array(2.5, 'f4'))
        put('empty', np.zeros((0, 3), 'f4'))
        put('chunked', ramp(5, 7), chunks=(2, 3))
        put('gzip', ramp(5, 7), chunks=(2, 3), compression='gzip')
        put('shuffled', ramp(5, 7, 2), chunks=(2, 3, 2), compression='gzip', shuffle=True, fletcher32=True)
        put('checked', ramp(5), chunks=(2,), fletcher32=True)
        put('big.chunked', ramp(70, 2).astype('>f4'), chunks=(1, 2), compression='gzip', shuffle=True)
        many = f.create_group('many')
        for n in range(40):
            many.create_dataset(str(n), data=ramp(2) + n)
            d[f'many/{n}'] = ramp(2) + n
        f.create_dataset('words', data=['a', 'b'])
    expect('layouts.h5', d, notes=['left out, being no numbers: words'])

    with h5py.File(path('links.h5'), 'w') as f:
        f['conv/again'] = f.create_dataset('conv/kernel', data=ramp(2, 2))
        f['soft'] = h5py.SoftLink('/conv/kernel')
    expect('links.h5', {'conv/kernel': ramp(2, 2), 'conv/again': ramp(2, 2)})

    with h5py.File(path('latest.h5'), 'w', libver='latest') as f:
        f.create_dataset('conv/kernel', data=ramp(2, 2))
        f.create_dataset('conv/bias', data=ramp(2))
        f.attrs['model_config'] = '{}'
    expect('latest.h5', {'conv/kernel': ramp(2, 2), 'conv/bias': ramp(2)}, {'keras.config': '{}'})
    with h5py.File(path('latest.many.h5'), 'w', libver='latest') as f:
        for n in range(20):
            f.create_dataset(str(n), data=ramp(2))
    refuse('latest.many.h5', 'unsupported', "got one of libver='latest' with many members; save it without libver")
    with h5py.File(path('lzf.h5'), 'w') as f:
        f.create_dataset('w', data=ramp(20), compression='lzf')
    refuse('lzf.h5', 'unsupported', 'w: expected data packed by gzip or not at all, got the filter lzf; save it without')
    with h5py.File(path('words.h5'), 'w') as f:
        f.create_dataset('words', data=['a', 'b'])
    refuse('words.h5', 'no-tensors', 'expected an HDF5 file with datasets of numbers, got only words')
    json.dump(EXPECTED, open(path('expected.json'), 'w'))


main()
