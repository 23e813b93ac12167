"""Small files of every kind and the pixels that PIL's convert('RGB') gives, to packages/vision/golden/decode.json.

python3 tooling/golden/pil_decode.py
"""
import base64
import io
import struct
import zlib
from pathlib import Path

import PIL
from PIL import Image, ImageCms, ImageOps

from pil_pixels import digest, noise_image, smooth_image, write_rows

OUT = Path(__file__).parents[2] / 'packages/vision/golden/decode.json'
WIDTH, HEIGHT = 23, 14
image = smooth_image(WIDTH, HEIGHT)
grey = image.convert('L')
ramp = noise_image(WIDTH, HEIGHT, 7).getchannel(0)
rgba = image.copy()
rgba.putalpha(ramp)
cmyk = Image.merge('CMYK', (*image.split(), ramp))
rows = []


def add(name, data, rgb, oriented=None):
    rows.append([name, digest(rgb.tobytes()), digest((oriented or rgb).tobytes()), base64.b64encode(data).decode()])


def saved(picture, **options):
    stream = io.BytesIO()
    picture.save(stream, **options)
    return stream.getvalue()


def add_saved(name, picture, **options):
    data = saved(picture, format=name.split('.')[-1], **options)
    opened = Image.open(io.BytesIO(data))
    add(name, data, opened.convert('RGB'), ImageOps.exif_transpose(opened).convert('RGB'))


def png16(name, color_type, channels):
    """16-bit PNG of noise; its high bytes are the pixels."""
    noise = noise_image(WIDTH * channels, HEIGHT, 9).tobytes()
    samples = [noise[2 * i] << 8 | noise[2 * i + 1] for i in range(WIDTH * HEIGHT * channels)]
    line = WIDTH * channels
    raw = b''.join(b'\0' + struct.pack(f'>{line}H', *samples[y * line:(y + 1) * line]) for y in range(HEIGHT))

    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))

    header = struct.pack('>IIBBBBB', WIDTH, HEIGHT, 16, color_type, 0, 0, 0)
    data = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b'')
    kept = [0, 0, 0] if channels < 3 else [0, 1, 2]
    pixels = bytes(samples[i * channels + c] >> 8 for i in range(WIDTH * HEIGHT) for c in kept)
    add(name, data, Image.frombytes('RGB', (WIDTH, HEIGHT), pixels))


add_saved('rgb.png', image)
add_saved('grey.png', grey)
add_saved('bits.png', image.convert('1'))
add_saved('grey-alpha.png', Image.merge('LA', (grey, ramp)))
add_saved('alpha.png', rgba)
add_saved('palette.png', image.quantize(17))
add_saved('palette-transparent.png', image.quantize(17), transparency=3)
add_saved('one-pixel.png', image.resize((1, 1)))
profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes())
red = profile.index(b'rXYZ') + 4
offset = struct.unpack('>I', profile[red:red + 4])[0] + 8
profile[offset:offset + 4] = struct.pack('>i', 0x9000)  # another red, so that applying the profile shows
add_saved('profile.png', image, icc_profile=bytes(profile))
png16('grey-16-bit.png', 0, 1)
png16('alpha-16-bit.png', 6, 4)
add_saved('rgb.jpeg', image, quality=90, subsampling=0)
add_saved('subsampled.jpeg', image, quality=75, subsampling=2)
add_saved('progressive.jpeg', image, progressive=True)
add_saved('grey.jpeg', grey)
add_saved('cmyk.jpeg', cmyk, quality=95)
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    add_saved(f'orientation-{orientation}.jpeg', image.resize((9, 5)), exif=exif)
add_saved('lossless.webp', image, lossless=True)
add_saved('lossy.webp', image, quality=60)
add_saved('alpha.webp', rgba, lossless=True)
add_saved('palette.gif', image.quantize(31))
add_saved('animated.gif', image.quantize(15), save_all=True, append_images=[image.rotate(180).quantize(15)])
add_saved('rgb.tiff', image, compression='tiff_lzw')
add_saved('cmyk.tiff', cmyk, compression='tiff_lzw')
add_saved('bits.tiff', image.convert('1'), compression='group4')

write_rows(OUT, {
    'from': f'tooling/golden/pil_decode.py, Pillow {PIL.__version__}',
    'columns': "name, sha256 (16 digits) of the RGB bytes, of those after exif_transpose, the file in base64",
    'files': rows,
})
