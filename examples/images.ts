/**
 * A camera, a codec and a disk for the examples, so that these need no library.
 *
 * A "JPEG" is the width, the height, and one byte of grey for each pixel.
 */
export interface Jpeg {
  name: string
  bytes: Uint8Array
}

export interface Pixels {
  name: string
  width: number
  height: number
  rgba: Uint8Array
}

/** 250 pictures. */
export const camera: AsyncIterable<Jpeg> = {
  async *[Symbol.asyncIterator]() {
    const [width, height] = [160, 120]
    for (let shot = 0; shot < 250; shot++) {
      const grey = new Uint8Array(width * height).map((_, place) => place + shot)
      yield { name: `picture-${String(shot).padStart(3, '0')}`, bytes: jpeg(width, height, grey) }
    }
  },
}

export async function decode({ name, bytes }: Jpeg): Promise<Pixels> {
  const [width = 0, height = 0] = bytes
  const rgba = new Uint8Array(width * height * 4).fill(255)
  for (let place = 0; place < width * height; place++) {
    const grey = bytes[2 + place]!
    rgba.set([grey, grey, grey], place * 4)
  }
  return { name, width, height, rgba }
}

/** Takes the nearest pixel, and keeps the shape. */
export function resize({ name, rgba, ...from }: Pixels, width: number): Pixels {
  const height = Math.round((from.height * width) / from.width)
  const smaller = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * from.height) / height) * from.width
    for (let x = 0; x < width; x++) {
      const pixel = (row + Math.floor((x * from.width) / width)) * 4
      smaller.set(rgba.subarray(pixel, pixel + 4), (y * width + x) * 4)
    }
  }
  return { name, width, height, rgba: smaller }
}

export async function encode({ name, width, height, rgba }: Pixels): Promise<Jpeg> {
  const grey = new Uint8Array(width * height).map((_, place) => rgba[place * 4]!)
  return { name, bytes: jpeg(width, height, grey) }
}

export async function save(jpegs: Jpeg[]): Promise<void> {
  const [first, last] = [jpegs[0], jpegs.at(-1)]
  if (!first || !last) return
  const [width, height] = first.bytes
  console.log(`saved ${jpegs.length} thumbnails, ${first.name} to ${last.name}, ${width} × ${height}`)
}

function jpeg(width: number, height: number, grey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + grey.length)
  bytes.set([width, height])
  bytes.set(grey, 2)
  return bytes
}
