"""Small files of every format and variation that people have, and what PIL gives, to packages/vision/golden/formats.json.

pip install 'pillow>=12' pillow-heif tifffile imagecodecs psd-tools numpy
python3 tooling/golden/pil_formats.py
"""
import base64
import io
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import PIL
import pillow_heif
import tifffile
from PIL import Image, ImageCms, ImageOps
from psd_tools import PSDImage

from pil_pixels import digest, noise_image, smooth_image, write_rows

OUT = Path(__file__).parents[2] / 'packages/vision/golden/formats.json'
WIDTH, HEIGHT = 23, 14
assert int(PIL.__version__.split('.')[0]) >= 12, PIL.__version__

noise = noise_image(WIDTH, HEIGHT, 3)
rgb = Image.blend(smooth_image(WIDTH, HEIGHT), noise, 0.2)
grey = rgb.convert('L')
ramp = noise.getchannel(0)
rgba = rgb.copy()
rgba.putalpha(ramp)
grey_alpha = Image.merge('LA', (grey, ramp))
cmyk = Image.merge('CMYK', (*rgb.split(), ramp))
palette = rgb.quantize(31)
bilevel = rgb.convert('1')
samples = np.asarray(rgb)
grey_wide = np.asarray(grey).astype(np.uint16) * 3
grey_full = np.asarray(grey).astype(np.uint16) * 257
wide = samples.astype(np.uint16) * 256 + samples[::-1]
rows = []


def add(picture_format, variation, data, tolerance=0, opened=None):
    """A row: PIL's pixels as a digest, or as they are where the decoders may differ by `tolerance` levels."""
    opened = opened or Image.open(io.BytesIO(data))
    opened.load()
    plain = opened.convert('RGB').tobytes()
    turned = ImageOps.exif_transpose(opened).convert('RGB').tobytes()
    pixels = base64.b64encode(plain).decode() if tolerance else ''
    rows.append([picture_format, variation, opened.mode, tolerance, list(opened.size), digest(plain), digest(turned),
                 base64.b64encode(data).decode(), pixels, pixels_of(data[:int(len(data) * 0.6)]), pixels_of(data[:-2])])


def pixels_of(data):
    """The pixels' digest, nothing where Pillow refuses the file."""
    try:
        return digest(Image.open(io.BytesIO(data)).convert('RGB').tobytes())
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error):
        return ''


def saved(picture, picture_format, **options):
    stream = io.BytesIO()
    picture.save(stream, picture_format, **options)
    return stream.getvalue()


def add_saved(name, variation, picture, pil_format=None, tolerance=0, **options):
    add(name, variation, saved(picture, pil_format or name, **options), tolerance)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def png(depth, colour, rows_of_bytes, interlaced=False, chunks=()):
    """A PNG by hand: what Pillow reads and does not write."""
    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))

    head = struct.pack('>IIBBBBB', WIDTH, HEIGHT, depth, colour, 0, 0, int(interlaced))
    body = zlib.compress(b''.join(b'\0' + bytes(row) for row in rows_of_bytes), 9)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + b''.join(chunk(*one) for one in chunks)
            + chunk(b'IDAT', body) + chunk(b'IEND', b''))


def big_endian(array):
    return [row.astype('>u2').tobytes() for row in array]


def adam7(array):
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    for x, y, dx, dy in passes:
        yield from (row.tobytes() for row in array[y::dy, x::dx] if row.size)


def packed(array, bits):
    """Rows of `bits` a sample, the first in the high bits."""
    per = 8 // bits
    for row in array:
        padded = np.pad(row, (0, -len(row) % per)).reshape(-1, per)
        yield sum(padded[:, i].astype(int) << (bits * (per - 1 - i)) for i in range(per)).astype(np.uint8).tobytes()


def tiff(array, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, metadata=None, software=False, **options)
    return stream.getvalue()


def tiff_12_bits():
    """Grey of 12 bits, two samples in three bytes."""
    levels = np.pad(grey_wide, ((0, 0), (0, WIDTH % 2))).reshape(HEIGHT, -1, 2).astype(int)
    packed_rows = np.stack([levels[..., 0] >> 4, (levels[..., 0] & 15) << 4 | levels[..., 1] >> 8, levels[..., 1] & 255], 2)
    pixels = packed_rows.astype(np.uint8).reshape(HEIGHT, -1)[:, :(WIDTH * 12 + 7) // 8].tobytes()
    tags = [(256, WIDTH), (257, HEIGHT), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, HEIGHT), (279, len(pixels))]
    directory = struct.pack('<H', len(tags)) + b''.join(struct.pack('<HHII', tag, 4, 1, value) for tag, value in tags)
    return struct.pack('<2sHI', b'II', 42, 8 + len(pixels)) + pixels + directory + bytes(4)


def bmp(bits, pixels, compression=0, colours=b'', masks=b'', top_down=False, header=40):
    """A BMP by hand. `pixels`: its rows as they lie in the file."""
    if header == 12:
        info = struct.pack('<IHHHH', 12, WIDTH, HEIGHT, 1, bits)
    else:
        height = -HEIGHT if top_down else HEIGHT
        info = struct.pack('<IiiHHIIiiII', 40, WIDTH, height, 1, bits, compression, len(pixels), 0, 0, 0, 0)
    offset = 14 + len(info) + len(masks) + len(colours)
    return b'BM' + struct.pack('<IHHI', offset + len(pixels), 0, 0, offset) + info + masks + colours + pixels


def bmp_rows(rows_of_bytes, top_down=False):
    lines = [row + bytes(-len(row) % 4) for row in rows_of_bytes]
    return b''.join(lines if top_down else lines[::-1])


def bmp_runs(array, end):
    """RLE8 or RLE4 in runs of one pixel and stretches of pixels as they are."""
    out = b''
    for row in array[::-1]:
        out += bytes([3, int(row[0]) * end]) + bytes([1, int(row[1]) * end]) * 3
        out += bytes([1, int(row[6]) * end])
        rest = [int(value) for value in row[7:]]  # an even number: Pillow loses the last of an odd one
        stretch = rest if end == 1 else [rest[i] << 4 | rest[i + 1] for i in range(0, len(rest), 2)]
        out += bytes([0, len(rest)]) + bytes(stretch) + bytes(len(stretch) % 2) + b'\0\0'
    return out + b'\0\1'


# JPEG
add_saved('JPEG', '4:4:4', rgb, quality=90, subsampling=0)
add_saved('JPEG', '4:2:2', rgb, quality=80, subsampling=1)
add_saved('JPEG', '4:2:0', rgb, quality=75, subsampling=2)
add_saved('JPEG', 'progressive', rgb, progressive=True)
add_saved('JPEG', 'restart markers', rgb, restart_marker_rows=1)
add_saved('JPEG', 'grey', grey)
add_saved('JPEG', 'CMYK of Adobe', cmyk, quality=95)
add_saved('JPEG', 'RGB, not YCbCr', rgb, keep_rgb=True)
add('JPEG', 'with bytes behind its end', saved(rgb, 'JPEG') + b'\0' * 100)
for orientation in (3, 6, 8):
    add_saved('JPEG', f'EXIF orientation {orientation}', rgb, exif=exif(orientation))
add_saved('JPEG', 'several in one file (MPO)', rgb, 'MPO', save_all=True, append_images=[rgb.rotate(180)])

# PNG
add_saved('PNG', 'RGB', rgb)
add_saved('PNG', 'grey', grey)
add_saved('PNG', 'bilevel', bilevel)
add('PNG', 'grey of 2 bits', png(2, 0, packed(np.asarray(grey) >> 6, 2)))
add('PNG', 'grey of 4 bits', png(4, 0, packed(np.asarray(grey) >> 4, 4)))
add_saved('PNG', 'grey with alpha', grey_alpha)
add_saved('PNG', 'RGB with alpha', rgba)
add_saved('PNG', 'RGB with a transparent colour', rgb, transparency=rgb.getpixel((5, 5)))
add_saved('PNG', 'grey with a transparent level', grey, transparency=grey.getpixel((5, 5)))
add_saved('PNG', 'palette', palette)
add_saved('PNG', 'palette of 2 bits', rgb.quantize(4), bits=2)
add_saved('PNG', 'palette with a transparent colour', palette, transparency=3)
add_saved('PNG', 'palette with alpha', palette, transparency=bytes(range(0, 248, 8)))
add('PNG', 'interlaced', png(8, 2, adam7(samples), interlaced=True))
add('PNG', '16-bit RGB', png(16, 2, big_endian(wide)))
add('PNG', '16-bit RGB with alpha', png(16, 6, big_endian(np.dstack([wide, wide[..., 0]]))))
add('PNG', '16-bit grey', png(16, 0, big_endian(grey_wide)))
add('PNG', '16-bit grey of the whole range', png(16, 0, big_endian(grey_full)))
add('PNG', '16-bit grey with a transparent level', png(16, 0, big_endian(grey_wide), chunks=[(b'tRNS', b'\0\x3f')]))
add('PNG', '16-bit grey with alpha', png(16, 4, big_endian(np.dstack([wide[..., 0], wide[..., 1]]))))
add('PNG', 'gamma', png(8, 2, (row.tobytes() for row in samples), chunks=[(b'gAMA', struct.pack('>I', 100000))]))
add_saved('PNG', 'EXIF orientation 6', rgb, exif=exif(6))
add_saved('PNG', 'animated', rgb, save_all=True, append_images=[rgb.rotate(180)])

# WebP
add_saved('WebP', 'lossless', rgb, lossless=True)
add_saved('WebP', 'lossy', rgb, quality=60)
add_saved('WebP', 'with alpha', rgba, lossless=True, exact=True)
add_saved('WebP', 'lossy with alpha', rgba, quality=80)
add_saved('WebP', 'animated', rgb, save_all=True, append_images=[rgb.rotate(180)], lossless=True)
add_saved('WebP', 'EXIF orientation 6', rgb, lossless=True, exif=exif(6))

# GIF
add_saved('GIF', 'still', palette)
add_saved('GIF', 'grey', grey)
add_saved('GIF', 'interlaced', palette, interlace=1)
add_saved('GIF', 'a transparent colour', palette, transparency=int(np.bincount(np.asarray(palette).ravel()).argmax()))
add_saved('GIF', 'animated', palette, save_all=True, append_images=[rgb.rotate(180).quantize(15)])
add_saved('GIF', 'animated, a transparent colour', palette, transparency=2, disposal=2, save_all=True,
          append_images=[rgb.rotate(180).quantize(15)])
screen = bytearray(saved(palette, 'GIF'))
screen[6:10] = struct.pack('<HH', WIDTH + 4, HEIGHT + 3)
add('GIF', 'a frame smaller than the screen', bytes(screen))
at = screen.index(b'\x2c', 13 + 3 * 32)
screen[at + 1:at + 5] = struct.pack('<HH', 2, 1)
screen[11] = 5
add('GIF', 'a frame inside of the screen', bytes(screen))
veiled = bytearray(saved(palette, 'GIF', transparency=7))
frame = veiled.index(b'\x21\xf9') + 8
assert veiled[frame] == 0x2c
veiled[6:10] = struct.pack('<HH', WIDTH + 4, HEIGHT + 3)
veiled[frame + 1:frame + 5] = struct.pack('<HH', 2, 1)
add('GIF', 'a frame inside of the screen, a transparent colour', bytes(veiled))
screen[at + 1:at + 5] = struct.pack('<HH', 0, 0)
screen[6:10] = struct.pack('<HH', WIDTH - 4, HEIGHT - 3)
add('GIF', 'a frame larger than the screen', bytes(screen))
wide_screen = bytearray(saved(palette, 'GIF'))
wide_screen[6:10] = struct.pack('<HH', 2100, HEIGHT)
add('GIF', 'a frame smaller than a screen of more than 2,048 pixels', bytes(wide_screen))

# TIFF
for compression in ('raw', 'tiff_lzw', 'tiff_adobe_deflate', 'packbits', 'zstd', 'lzma'):
    add_saved('TIFF', f'RGB, {compression.replace("tiff_", "")}', rgb, compression=compression)
add('TIFF', 'RGB, deflate with a predictor', tiff(samples, photometric='rgb', compression='zlib', predictor=True))
add('TIFF', 'RGB, LZW with a predictor', tiff(samples, photometric='rgb', compression='lzw', predictor=True))
add('TIFF', 'RGB, zstd with a predictor', tiff(samples, photometric='rgb', compression='zstd', predictor=True))
add_saved('TIFF', 'RGB, JPEG inside', rgb, compression='jpeg', quality=90)
add('TIFF', 'grey of 12 bits', tiff_12_bits())
add('TIFF', 'YCbCr, JPEG inside, tiled',
    tiff(np.pad(samples, ((0, 2), (0, 9), (0, 0)), 'edge'), photometric='ycbcr', compression='jpeg', tile=(16, 32)))
add_saved('TIFF', 'grey', grey)
add('TIFF', 'grey, white is 0', tiff(255 - np.asarray(grey), photometric='miniswhite'))
add_saved('TIFF', 'grey with alpha', grey_alpha)
add_saved('TIFF', 'RGB with alpha', rgba)
add('TIFF', 'RGB with premultiplied alpha', tiff(np.asarray(rgba), photometric='rgb', extrasamples=['assocalpha']))
add_saved('TIFF', 'palette', palette)
add_saved('TIFF', 'bilevel', bilevel)
add_saved('TIFF', 'bilevel, fax 3', bilevel, compression='group3')
add_saved('TIFF', 'bilevel, fax 4', bilevel, compression='group4')
add('TIFF', 'bilevel, white is 0', tiff(~np.asarray(bilevel), photometric='miniswhite'))
add_saved('TIFF', 'CMYK', cmyk, compression='tiff_lzw')
add('TIFF', 'YCbCr', tiff(np.asarray(rgb.convert('YCbCr')), photometric='ycbcr', subsampling=(1, 1), compression='lzw'))
lab = ImageCms.profileToProfile(rgb, ImageCms.createProfile('sRGB'), ImageCms.createProfile('LAB'), outputMode='LAB')
add_saved('TIFF', 'LAB', lab, tolerance=8)
add('TIFF', 'big-endian', tiff(samples, photometric='rgb', byteorder='>'))
add('TIFF', 'tiled', tiff(samples, photometric='rgb', tile=(16, 16)))
add('TIFF', 'planes one after the other', tiff(samples.transpose(2, 0, 1), photometric='rgb', planarconfig='separate'))
add('TIFF', 'BigTIFF', tiff(samples, photometric='rgb', bigtiff=True))
add('TIFF', '16-bit RGB', tiff(wide, photometric='rgb'))
add('TIFF', '16-bit RGB, big-endian', tiff(wide, photometric='rgb', byteorder='>'))
add('TIFF', '16-bit RGB with alpha',
    tiff(np.dstack([wide, wide[..., 0]]), photometric='rgb', extrasamples=['unassalpha']))
add('TIFF', '16-bit CMYK', tiff(np.dstack([wide, wide[..., 0]]), photometric='separated'))
add('TIFF', '16-bit grey', tiff(grey_wide, photometric='minisblack'))
add('TIFF', '16-bit grey of the whole range', tiff(grey_full, photometric='minisblack'))
add('TIFF', '16-bit grey, big-endian', tiff(grey_wide, photometric='minisblack', byteorder='>'))
add('TIFF', '16-bit grey, LZW with a predictor',
    tiff(grey_wide, photometric='minisblack', compression='lzw', predictor=True))
add('TIFF', '16-bit grey, signed', tiff(grey_wide.astype(np.int16) - 100, photometric='minisblack'))
add('TIFF', '32-bit grey', tiff(grey_wide.astype(np.uint32), photometric='minisblack'))
add('TIFF', '32-bit grey, signed', tiff(grey_wide.astype(np.int32) - 100, photometric='minisblack'))
extreme = np.resize(np.array([0, 7, 255, 2**31 - 1, 2**31, 2**32 - 1], np.uint32), (HEIGHT, WIDTH))
add('TIFF', '32-bit grey of the whole range', tiff(extreme, photometric='minisblack'))
add('TIFF', 'float grey', tiff(grey_wide.astype(np.float32) * 0.77 - 50, photometric='minisblack'))
add('TIFF', 'float grey, big-endian', tiff(grey_wide.astype(np.float32) * 0.77, photometric='minisblack', byteorder='>'))
add('TIFF', 'float grey, deflate with a predictor',
    tiff(grey_wide.astype(np.float32) * 0.77, photometric='minisblack', compression='zlib', predictor=True))
add_saved('TIFF', 'several pages', rgb, save_all=True, append_images=[rgb.rotate(180)])
for orientation in range(2, 9):
    add_saved('TIFF', f'orientation {orientation}', rgb, tiffinfo={274: orientation})
add('TIFF', '16-bit grey, orientation 6',
    tiff(grey_wide, photometric='minisblack', extratags=[(274, 3, 1, 6, True)]))

# AVIF
add_saved('AVIF', '4:4:4', rgb, quality=90, subsampling='4:4:4')
add_saved('AVIF', '4:2:2', rgb, quality=90, subsampling='4:2:2')
add_saved('AVIF', '4:2:0', rgb, quality=75)
add_saved('AVIF', 'of the studio range', rgb, quality=90, range='limited')
add_saved('AVIF', 'grey', rgb, quality=90, subsampling='4:0:0')
add_saved('AVIF', 'lossless', rgb, quality=100, subsampling='4:4:4')
add_saved('AVIF', 'with alpha', rgba, quality=90)
for name, options in (('4:2:0', {}), ('4:4:4', {'subsampling': '4:4:4'}), ('4:2:0 of the studio range', {'range': 'limited'})):
    silent = saved(rgb, 'AVIF', quality=90, **options).replace(b'colrnclx', b'skipnclx')
    add('AVIF', f'{name}, colours told by the stream alone, as sharp writes it', silent)
for bits, subsampling, tolerance in ((10, '444', 2), (10, '420', 16), (12, '420', 16)):
    deep = (samples.astype(np.uint16) << (bits - 8)) + (samples[::-1] >> (16 - bits))
    add('AVIF', f'{":".join(subsampling)} of {bits} bits',
        imagecodecs.avif_encode(deep, bitspersample=bits, level=95, pixelformat=subsampling), tolerance)
add_saved('AVIF', 'with premultiplied alpha', rgba, quality=90, alpha_premultiplied=True)
add_saved('AVIF', 'animated', rgb, save_all=True, append_images=[rgb.rotate(180)], quality=80)
for orientation in range(2, 9):
    add_saved('AVIF', f'turned as EXIF orientation {orientation}', rgb, quality=80, exif=exif(orientation))

# BMP
add_saved('BMP', '24 bits', rgb)
add_saved('BMP', '8 bits, grey', grey)
add_saved('BMP', '8 bits, palette', palette)
add_saved('BMP', '1 bit', bilevel)
sixteen = np.asarray(rgb.quantize(16))
sixteen_colours = b''.join(bytes(rgb.quantize(16).getpalette()[3 * i:3 * i + 3][::-1]) + b'\0' for i in range(16))
add('BMP', '4 bits', bmp(4, bmp_rows(packed(sixteen, 4)), colours=sixteen_colours))
five = samples.astype(np.uint16) >> 3
packed_555 = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
packed_565 = five[..., 0] << 11 | (samples[..., 1].astype(np.uint16) >> 2) << 5 | five[..., 2]
add('BMP', '16 bits, 5-5-5', bmp(16, bmp_rows(row.astype('<u2').tobytes() for row in packed_555)))
add('BMP', '16 bits, 5-6-5', bmp(16, bmp_rows(row.astype('<u2').tobytes() for row in packed_565), compression=3,
                                masks=struct.pack('<III', 0xf800, 0x7e0, 0x1f)))
bgra = np.dstack([samples[..., ::-1], np.asarray(ramp)])
add('BMP', '32 bits', bmp(32, bmp_rows(row.tobytes() for row in bgra)))
add_saved('BMP', '32 bits with alpha', rgba)
add('BMP', '24 bits, top row first', bmp(24, bmp_rows((row.tobytes() for row in samples[..., ::-1]), True), top_down=True))
add('BMP', '24 bits, OS/2', bmp(24, bmp_rows(row.tobytes() for row in samples[..., ::-1]), header=12))
colours = b''.join(bytes(palette.getpalette()[3 * i:3 * i + 3][::-1]) + b'\0' for i in range(31)) + bytes(4 * 225)
add('BMP', '8 bits, run lengths', bmp(8, bmp_runs(np.asarray(palette), 1), compression=1, colours=colours))
add('BMP', '4 bits, run lengths', bmp(4, bmp_runs(sixteen, 17), compression=2, colours=sixteen_colours))

# ICO and CUR
icon = rgba.resize((32, 32))
add_saved('ICO', 'PNG inside', icon, sizes=[(16, 16), (32, 32)])
add_saved('ICO', 'BMP of 32 bits inside', icon, sizes=[(16, 16), (32, 32)], bitmap_format='bmp')
add_saved('ICO', 'BMP of 24 bits inside, its mask in rows that are not padded', rgb, sizes=[(23, 14)], bitmap_format='bmp')
add_saved('ICO', 'BMP of 8 bits inside, its mask in rows that are not padded', grey, sizes=[(23, 14)], bitmap_format='bmp')
opaque = rgb.resize((16, 16))


def ico(*images):
    entries, bodies, at = b'', b'', 6 + 16 * len(images)
    for size, bits, body in images:
        entries += struct.pack('<BBBBHHII', size % 256, size % 256, 0, 0, 1, bits, len(body), at)
        bodies, at = bodies + body, at + len(body)
    return struct.pack('<HHH', 0, 1, len(images)) + entries + bodies


def dib(picture, bits, colours=b''):
    """The bitmap inside of an icon: of twice its height, its colours, then a mask of one bit a pixel."""
    size = picture.size[0]
    array = np.asarray(picture)
    lines = [row.tobytes() for row in (array[..., ::-1] if array.ndim == 3 else array)] if bits >= 8 \
        else list(packed(array, bits))
    pixels = b''.join(row + bytes(-len(row) % 4) for row in lines[::-1])
    mask = b''.join((b'\x0f' * (size // 8)).ljust((size + 31) // 32 * 4, b'\0') for _ in range(size))
    return struct.pack('<IiiHHIIiiII', 40, size, 2 * size, 1, bits, 0, len(pixels), 0, 0, 0, 0) + colours + pixels + mask


small = opaque.quantize(16)
small_colours = b''.join(bytes(small.getpalette()[3 * i:3 * i + 3][::-1]) + b'\0' for i in range(16))
add('ICO', 'BMP of 24 bits inside', ico((16, 24, dib(opaque, 24))))
add('ICO', 'BMP of 4 bits inside', ico((16, 4, dib(small, 4, small_colours))))
add('ICO', 'of one size in several depths', ico((16, 4, dib(small, 4, small_colours)), (16, 24, dib(opaque, 24))))
pointer = bytearray(ico((16, 24, dib(opaque, 24))))
pointer[2] = 2
add('CUR', 'BMP of 24 bits inside', bytes(pointer))
pointer = bytearray(ico((16, 4, dib(small, 4, small_colours)), (16, 24, dib(opaque, 24)), (8, 24, dib(opaque.resize((8, 8)), 24)),
                        (32, 24, dib(rgb.resize((32, 32)), 24))))
pointer[2] = 2
add('CUR', 'of several sizes', bytes(pointer))

# PNM
head = f'{WIDTH} {HEIGHT}'
add_saved('PNM', 'PPM (P6)', rgb, 'PPM')
add_saved('PNM', 'PGM (P5)', grey, 'PPM')
add_saved('PNM', 'PBM (P4)', bilevel, 'PPM')
add('PNM', 'PPM in text (P3)', f'P3\n# by hand\n{head}\n255\n{" ".join(map(str, samples.ravel()))}\n'.encode())
add('PNM', 'PGM in text (P2)', f'P2\n{head}\n255\n{" ".join(map(str, np.asarray(grey).ravel()))}\n'.encode())
add('PNM', 'PBM in text (P1)', f'P1\n{head}\n{" ".join(map(str, 1 - np.asarray(bilevel).astype(int).ravel()))}\n'.encode())
add('PNM', 'PPM up to 100', f'P6\n{head}\n100\n'.encode() + (samples % 101).astype(np.uint8).tobytes())
add('PNM', 'PGM up to 100', f'P5\n{head}\n100\n'.encode() + (np.asarray(grey) % 101).tobytes())
add('PNM', '16-bit PPM', f'P6\n{head}\n65535\n'.encode() + wide.astype('>u2').tobytes())
add('PNM', '16-bit PGM', f'P5\n{head}\n65535\n'.encode() + grey_wide.astype('>u2').tobytes())
add('PNM', '16-bit PGM up to 4095', f'P5\n{head}\n4095\n'.encode() + grey_wide.astype('>u2').tobytes())
add_saved('PNM', 'float (Pf)', Image.fromarray(grey_wide.astype(np.float32) * 0.77), 'PPM')

# TGA
add_saved('TGA', '24 bits', rgb)
add_saved('TGA', '24 bits, run lengths', rgb, compression='tga_rle')
add_saved('TGA', '24 bits, top row first', rgb, orientation=1)
add_saved('TGA', '32 bits', rgba)
add_saved('TGA', 'grey', grey)
add_saved('TGA', 'grey with alpha', grey_alpha)
add_saved('TGA', 'palette', palette)
add_saved('TGA', 'palette, run lengths', palette, compression='tga_rle')
tga_16 = struct.pack('<BBBHHBHHHHBB', 0, 0, 2, 0, 0, 0, 0, 0, WIDTH, HEIGHT, 16, 0)
add('TGA', '16 bits', tga_16 + packed_555[::-1].astype('<u2').tobytes())

# PCX
add_saved('PCX', 'RGB', rgb)
add_saved('PCX', 'palette', palette)
add_saved('PCX', 'grey', grey)
add_saved('PCX', 'bilevel', bilevel)

# JPEG 2000
add_saved('JPEG 2000', 'RGB, lossless', rgb, 'JPEG2000')
add_saved('JPEG 2000', 'RGB, lossy', rgb, 'JPEG2000', irreversible=True, quality_layers=[8])
add_saved('JPEG 2000', 'grey', grey, 'JPEG2000')
add_saved('JPEG 2000', 'grey with alpha', grey_alpha, 'JPEG2000')
add_saved('JPEG 2000', 'RGB with alpha', rgba, 'JPEG2000')
add_saved('JPEG 2000', 'tiled', rgb, 'JPEG2000', tile_size=(16, 16))
add_saved('JPEG 2000', 'a bare codestream', rgb, 'JPEG2000', no_jp2=True)
add_saved('JPEG 2000', 'a bare codestream, grey with alpha', grey_alpha, 'JPEG2000', no_jp2=True)
for bits in (1, 4, 12, 16):
    levels = wide >> (16 - bits)
    data = levels if bits > 8 else levels.astype(np.uint8)
    add('JPEG 2000', f'RGB of {bits} bits', imagecodecs.jpeg2k_encode(data, bitspersample=bits, level=0, codecformat='jp2'))
add_saved('JPEG 2000', '16-bit grey', Image.fromarray(grey_wide), 'JPEG2000')

# PSD
for name, picture in (('RGB', rgb), ('grey', grey), ('RGB with alpha', rgba), ('CMYK', cmyk)):
    for compression in (0, 1):
        stream = io.BytesIO()
        PSDImage.frompil(picture, compression=compression).save(stream)
        add('PSD', name + (', run lengths' if compression else ''), stream.getvalue())



def pack_bits(row):
    """PackBits of a row: its first byte, repeated as often as it comes, then the others as they are."""
    run = next((i for i, value in enumerate(row) if value != row[0]), len(row))
    rest = row[run:]
    return bytes([257 - run, row[0]]) + (bytes([len(rest) - 1]) + rest if rest else b'') if run > 1 else \
        bytes([len(row) - 1]) + row


def psd(mode, depth, planes, colours=b'', runs=False, big=False):
    """A Photoshop file by hand, of planes of rows."""
    plane_rows = [row for plane in planes for row in plane]
    packed_rows = [pack_bits(row) for row in plane_rows] if runs else plane_rows
    lengths = b''.join(struct.pack('>I' if big else '>H', len(row)) for row in packed_rows) if runs else b''
    return (b'8BPS' + struct.pack('>H6xHIIHH', 2 if big else 1, len(planes), HEIGHT, WIDTH, depth, mode)
            + struct.pack('>I', len(colours)) + colours + bytes(4) + bytes(8 if big else 4)
            + struct.pack('>H', runs) + lengths + b''.join(packed_rows))


def plane_rows_of(array):
    return [row.tobytes() for row in array]


colour_planes = [plane_rows_of(samples[..., i]) for i in range(3)]
alpha_plane = plane_rows_of(np.asarray(ramp))
ink_planes = [plane_rows_of(255 - np.asarray(cmyk)[..., i]) for i in range(4)]
add('PSD', 'bilevel', psd(0, 1, [list(packed(np.asarray(bilevel).astype(int), 1))]))
palette_planes = b''.join(bytes(palette.getpalette()[i::3]).ljust(256, b'\0') for i in range(3))
add('PSD', 'palette', psd(2, 8, [plane_rows_of(np.asarray(palette))], palette_planes))
add('PSD', 'palette, run lengths', psd(2, 8, [plane_rows_of(np.asarray(palette))], palette_planes, runs=True))
add('PSD', 'grey with alpha', psd(1, 8, [plane_rows_of(np.asarray(grey)), alpha_plane]))
add('PSD', 'CMYK with alpha', psd(4, 8, [*ink_planes, alpha_plane]))
add('PSD', 'RGB with alpha and a mask', psd(3, 8, [*colour_planes, alpha_plane, alpha_plane]))
# Pillow takes the lengths of the channels that it leaves out for pixels, and does not open the last two.
as_grey = Image.frombytes('L', (WIDTH, HEIGHT), np.asarray(grey).tobytes())
add('PSD', 'grey with alpha, run lengths', psd(1, 8, [plane_rows_of(np.asarray(grey)), alpha_plane], runs=True), 0, as_grey)
add('PSD', 'CMYK with alpha, run lengths', psd(4, 8, [*ink_planes, alpha_plane], runs=True), 0, cmyk.copy())
add('PSD', 'of 16 bits', psd(3, 16, [big_endian(wide[..., i]) for i in range(3)]), 0,
    Image.open(io.BytesIO(png(16, 2, big_endian(wide)))))
add('PSD', 'for large pictures (PSB), run lengths', psd(3, 8, colour_planes, runs=True, big=True), 0, rgb.copy())
add('PSD', 'LAB', psd(9, 8, colour_planes))


def sgi_runs(array):
    """An SGI picture in runs, each row as it is but for its first sample, which comes as a run of one."""
    height, width, channels = array.shape
    size = array.dtype.itemsize
    lines = [array[height - 1 - y, :, channel].astype(f'>u{size}') for channel in range(channels) for y in range(height)]
    count = lambda value: value.to_bytes(size, 'big')
    bodies = [count(1) + row[:1].tobytes() + count(0x80 | (width - 1)) + row[1:].tobytes() + count(0) for row in lines]
    starts = np.cumsum([512 + 8 * len(bodies)] + [len(body) for body in bodies[:-1]])
    tables = starts.astype('>u4').tobytes() + np.array([len(body) for body in bodies], '>u4').tobytes()
    head = struct.pack('>HBBHHHHII', 474, 1, size, 3 if channels > 1 else 2, width, height, channels, 0, 255)
    return head.ljust(512, b'\0') + tables + b''.join(bodies)


# Others that Pillow opens
add_saved('QOI', 'RGB', rgb)
add_saved('QOI', 'RGB with alpha', rgba)
add_saved('SGI', 'RGB', rgb)
add_saved('SGI', 'grey', grey)
add_saved('SGI', 'RGB with alpha', rgba)
add_saved('SGI', '16-bit RGB', rgb, bpc=2)
add_saved('SGI', '16-bit grey', grey, bpc=2)
add('SGI', 'RGB, run lengths', sgi_runs(samples))
add('SGI', '16-bit RGB, run lengths', sgi_runs(wide))
add_saved('DDS', 'RGB, not compressed', rgb)
add_saved('DDS', 'RGB with alpha, not compressed', rgba)
for kind in ('DXT1', 'DXT3', 'DXT5', 'BC2', 'BC3', 'BC5'):
    add_saved('DDS', f'compressed by {kind}', rgb if kind == 'BC5' else rgba, pixel_format=kind)

# HEIC, by pillow-heif: Pillow alone does not open it.
photo = Image.blend(smooth_image(72, 64), noise_image(72, 64, 3), 0.1)
for quality, chroma, tolerance in ((90, 444, 2), (90, 420, 2), (60, 420, 8)):
    stream = io.BytesIO()
    pillow_heif.from_pillow(photo).save(stream, quality=quality, chroma=chroma)
    add('HEIC', f'{":".join(str(chroma))} of quality {quality}, by pillow-heif', stream.getvalue(), tolerance,
        pillow_heif.open_heif(io.BytesIO(stream.getvalue())).to_pillow())

# What PIL refuses, and we by name
refused = [
    ['TIFF picture of float samples', tiff(samples.astype(np.float32) / 255, photometric='rgb')],
    ['TIFF picture of 64 bits a sample', tiff(grey_wide * 0.77, photometric='minisblack')],
    ['PNM picture of float colours', f'PF\n{head}\n-1\n'.encode() + (samples / 255).astype('<f4').tobytes()],
    ['JPEG XL picture', imagecodecs.jpegxl_encode(samples)],
    ['JPEG of 12 bits', imagecodecs.jpeg8_encode(grey_wide & 4095, bitspersample=12)],
]
for name, data in refused:
    assert pixels_of(data) == '', name

if __name__ == '__main__':
    write_rows(OUT, {
        'from': f'tooling/golden/pil_formats.py, Pillow {PIL.__version__}; HEIC: pillow-heif {pillow_heif.__version__}',
        'columns': "format, variation, PIL's mode, levels that pixels may differ by, [width, height], sha256 (16 digits) of "
                   "the RGB bytes, of those after exif_transpose, the file in base64, the RGB bytes where they may differ, "
                   "sha256 where PIL opens the first 60 % of the file, and where it opens all but the last two bytes",
        'files': rows,
        'refused': [[name, base64.b64encode(data).decode()] for name, data in refused],
    })
