import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { InvalidOption } from '../../src/errors.ts'
import { allocate, allocateHere } from '../../src/memory/allocate.ts'
import { largeFrom } from '../../src/memory/pool.ts'

const memory = suite('allocate')

memory('gives a Buffer of so many bytes, which threads share if they are many', () => {
  for (const bytes of [0, 1, largeFrom - 1, largeFrom, 1_000_001]) {
    const buffer = allocate(bytes)
    assert.ok(Buffer.isBuffer(buffer))
    assert.equal([buffer.length, buffer.buffer instanceof SharedArrayBuffer], [bytes, bytes >= largeFrom])
  }
})

memory('gives memory that floats can be laid over', () => {
  const { buffer, byteOffset } = allocate(800_000)
  assert.is(new Float64Array(buffer, byteOffset, 100_000).length, 100_000)
})

memory('refuses what is no number of bytes', () => {
  for (const give of [allocate, allocateHere]) {
    for (const bytes of [-1, 1.5, NaN, Infinity, '8', undefined]) {
      assert.throws(
        () => give(bytes as number),
        (error: unknown) =>
          error instanceof InvalidOption && /^`bytes` must be a whole number from 0/.test(error.message),
      )
    }
  }
})

memory.run()
