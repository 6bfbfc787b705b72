import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ItemTooLarge } from '../../src/errors.ts'
import { collector } from '../../src/memory/collector.ts'
import { largeFrom, Pool } from '../../src/memory/pool.ts'
import { Parcels } from '../../src/runtime/threads/thread.ts'
import { until } from '../support/turns.ts'
import { within } from '../support/within.ts'

const pool = suite('the pool of large values')

const kib = 1_024

/** Two ends as of two threads, which they are to the pool. */
function two(bytes = 2_048 * kib) {
  const here = Pool.make({ bytes, pageBytes: 64 * kib, columns: 7 })
  const place = here.enter()!
  const there = new Pool(here.shared, place.own)
  const sent: any[] = []
  const line = { postMessage: (parcel: any) => void sent.push(parcel) }
  const out = new Parcels({ pool: here, out: place.inward, in: place.outward })
  const end = new Parcels({ pool: there, out: place.outward, in: place.inward })
  const to = (items: unknown[]) => out.send({ type: 'items', items } as any, line)
  const back = (items: unknown[]) => end.send({ type: 'items', items } as any, line)
  return {
    here,
    there,
    place,
    out,
    to,
    back,
    take: () => end.open(sent.shift()).items,
    heard: () => out.open(sent.shift()).items,
  }
}

const isTooLarge = (error: unknown) => error instanceof ItemTooLarge

/** Garbage is gone, and what hangs on it has been told. */
async function collected(isDone: () => boolean) {
  await within(
    10_000,
    until(() => {
      collector()!()
      return isDone()
    }),
    'the collection',
  )
}

pool('gives memory back when nobody has the value any more', async () => {
  const { here, there, to, take } = two()
  await (async () => {
    const value = here.allocate(largeFrom)!.fill(3)
    to([value])
    const [got] = take()
    assert.equal([Buffer.isBuffer(got), got.equals(value), got.buffer === value.buffer], [true, true, false])
    assert.is(here.held, largeFrom)
    assert.equal([here.leases, there.leases], [1, 1])
  })()
  await collected(() => here.held === 0)
  assert.equal([here.leases, there.leases], [0, 0])
})

pool('keeps a value for whoever has a view of it, and for a message that names it', async () => {
  const { here, to, take } = two()
  let part: Buffer | undefined
  await (async () => {
    const value = here.allocate(2 * largeFrom)!.fill(3)
    part = value.subarray(0, 10)
    to([value])
  })()
  for (let i = 0; i < 5; i++) {
    await turn()
    collector()!()
  }
  assert.equal([here.held, part![9]], [2 * largeFrom, 3])
  part = undefined
  await collected(() => here.leases === 0)
  assert.is(here.held, 2 * largeFrom)
  let got = take()
  assert.ok(got[0].every((byte: number) => byte === 3))
  got = undefined
  await collected(() => here.held === 0)
})

pool('copies what it has no room for', () => {
  const { here, to, take } = two(4 * 64 * kib)
  const items = [1, 2, 3].map(n => Buffer.alloc(largeFrom, n))
  to(items)
  const got = take()
  assert.equal(
    got.map((each: Buffer) => each[largeFrom - 1]),
    [1, 2, 3],
  )
  assert.equal(
    got.map((each: Buffer) => each.buffer instanceof SharedArrayBuffer),
    [true, true, false],
  )
  assert.is(here.allocate(largeFrom), undefined)
  assert.is(here.allocate(2 ** 40), undefined)
})

pool('holds nothing for a message that was not sent', () => {
  const { here, out, to } = two()
  assert.throws(() => to([Buffer.alloc(largeFrom), [Buffer.alloc(largeFrom), () => 1]]))
  assert.is(here.held, 0)
  out.limit = 2 * largeFrom
  assert.throws(() => to([1, 2, 3].map(n => Buffer.alloc(largeFrom, n))), isTooLarge)
  assert.is(here.held, 0)
  to([Buffer.alloc(largeFrom)])
})

pool('takes what a thread held, and what was on its way, when it has exited', () => {
  const { here, there, place, to, back, take } = two()
  to([Buffer.alloc(largeFrom)])
  to([Buffer.alloc(largeFrom)])
  take()
  back([Buffer.alloc(largeFrom)])
  there.allocate(largeFrom)
  assert.is(here.held, 4 * largeFrom)
  here.leave(place)
  assert.equal([here.held, here.threads], [0, 1])
})

pool('leaves a value as it is for as long as anybody keeps it, whatever else comes and goes', async () => {
  const bytes = fc.integer({ min: largeFrom - 40 * kib, max: largeFrom + 100 * kib })
  const step = fc.record({
    bytes,
    way: fc.constantFrom('own', 'allocate', 'again'),
    keeps: fc.boolean(),
    drops: fc.nat(9),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async steps => {
      const { here, to, take, back, heard } = two()
      let kept: { value: Buffer; mark: number }[] = []
      for (const [n, { bytes, way, keeps, drops }] of steps.entries()) {
        const mark = 1 + (n % 255)
        const again = way === 'again' ? kept[drops] : undefined
        const made = again?.value ?? ((way === 'allocate' && here.allocate(bytes)) || Buffer.alloc(bytes))
        if (!again) made.fill(mark)
        to([made])
        back(take())
        const [value] = heard()
        if (!again) made.fill(0xee, 0, way === 'own' ? undefined : 0) // what was copied is the sender's
        if (keeps) kept.push({ value, mark: again?.mark ?? mark })
        if (n % 10 === 9) kept = kept.filter((_, i) => i !== drops)
        if (n % 5 === 0) {
          await turn()
          collector()!()
        }
        for (const { value, mark } of kept) {
          if (value[0] !== mark || value[value.length - 1] !== mark) throw new Error(`item ${mark} has changed`)
        }
      }
      for (const { value, mark } of kept) assert.ok(value.equals(Buffer.alloc(value.length, mark)))
    }),
    { numRuns: 15 },
  )
})

pool.run()
