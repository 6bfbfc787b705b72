import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FrameCutter } from '../../src/channel/frame-cutter.ts'

const frameCutter = suite('FrameCutter')

const plenty = 1_000_000
const budgetNs = 1_000_000

frameCutter('takes one item at first, however many there are', () => {
  assert.is(new FrameCutter().cut(plenty), 1)
})

frameCutter('takes what has arrived rather than wait for more', () => {
  const cutter = new FrameCutter()
  run(cutter, { frames: 20, serviceNs: 1_000 })
  assert.equal(
    [999, 3, 1, 0].map(available => cutter.cut(available)),
    [999, 3, 1, 0],
  )
})

frameCutter('doubles until a frame costs about a millisecond', () => {
  assert.equal(
    run(new FrameCutter(), { frames: 12, serviceNs: 1_000 }),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000, 1_000],
  )
})

frameCutter('settles at a millisecond of work, for any constant service time', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 200_000, noNaN: true }), serviceNs => {
      const size = run(new FrameCutter(), { frames: 30, serviceNs }).at(-1)!
      if (serviceNs > 50_000) assert.is(size, 1)
      else if (serviceNs < budgetNs / 1_025) assert.is(size, 1_024)
      else if (size < 1_024) {
        assert.ok(size * serviceNs <= budgetNs * 1.000_001, `${size} cost more than a millisecond`)
        assert.ok((size + 1) * serviceNs >= budgetNs * 0.999_999, `${size + 1} would not have cost more`)
      }
    }),
  )
})

frameCutter('comes back to a millisecond of work, whatever it has seen before', () => {
  fc.assert(
    fc.property(measurements(), fc.integer({ min: 1_000, max: 49_900 }), (history, serviceNs) => {
      const cutter = new FrameCutter()
      for (const { items, elapsed } of history) cutter.measured(items, elapsed)
      const cost = run(cutter, { frames: 300, serviceNs }).at(-1)! * serviceNs
      assert.ok(cost <= budgetNs * 1.000_001, `a frame costs ${cost} ns`)
      assert.ok(cost + serviceNs >= budgetNs * 0.999, `a frame costs only ${cost} ns`)
    }),
  )
})

frameCutter('takes at least one and at most `most` of what there is, whatever was measured', () => {
  fc.assert(
    fc.property(measurements(), fc.nat(5_000), fc.integer({ min: 1, max: 3_000 }), (history, available, most) => {
      const cutter = new FrameCutter({ most })
      for (const { items, elapsed } of history) {
        cutter.measured(items, elapsed)
        const taken = cutter.cut(available)
        assert.ok(Number.isInteger(taken) && taken <= available && taken <= most, `took ${taken}`)
        assert.is(taken > 0, available > 0)
      }
    }),
  )
})

frameCutter('at most doubles from one frame to the next, whatever was measured', () => {
  fc.assert(
    fc.property(measurements(), history => {
      const cutter = new FrameCutter()
      for (const { items, elapsed } of history) {
        const before = cutter.cut(plenty)
        cutter.measured(items, elapsed)
        assert.ok(cutter.cut(plenty) <= 2 * before, `${before} became ${cutter.cut(plenty)}`)
      }
    }),
  )
})

frameCutter('is not made bold by a trickle of single items', () => {
  const cutter = new FrameCutter()
  for (let frame = 0; frame < 100; frame++) cutter.measured(cutter.cut(1), 0.001)
  assert.is(cutter.cut(plenty), 2)
})

frameCutter('takes one item at once when items become heavy', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 50_001, max: 10 ** 10 }), (light, heavy) => {
      const cutter = new FrameCutter()
      run(cutter, { frames: 30, serviceNs: light })
      assert.ok(cutter.cut(plenty) > 1)
      run(cutter, { frames: 1, serviceNs: heavy })
      assert.is(cutter.cut(plenty), 1)
    }),
  )
})

frameCutter('takes more than one item when they cost just less than heavy ones', () => {
  assert.is(run(new FrameCutter(), { frames: 10, serviceNs: 50_000 }).at(-1), 20)
  assert.is(run(new FrameCutter(), { frames: 10, serviceNs: 50_001 }).at(-1), 1)
})

frameCutter('cuts a millisecond of work at once when items become slower', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1_001, max: 49_000 }), (fast, slow) => {
      const cutter = new FrameCutter()
      run(cutter, { frames: 30, serviceNs: fast })
      run(cutter, { frames: 1, serviceNs: slow })
      assert.ok(cutter.cut(plenty) * slow <= budgetNs * 1.000_001)
    }),
  )
})

frameCutter('forgets a slow frame slowly', () => {
  const cutter = new FrameCutter()
  run(cutter, { frames: 30, serviceNs: 1_000 })
  run(cutter, { frames: 1, serviceNs: 40_000 })
  const sizes = run(cutter, { frames: 60, serviceNs: 1_000 })
  assert.equal(sizes.slice(0, 6), [25, 28, 32, 36, 41, 47])
  assert.ok(sizes.at(-1)! > 980)
})

frameCutter('takes one item, always, when it is to be single', () => {
  fc.assert(
    fc.property(measurements(), fc.integer({ min: 1, max: plenty }), (history, available) => {
      const cutter = new FrameCutter({ single: true, most: 64 })
      for (const { items, elapsed } of history) {
        cutter.measured(items, elapsed)
        assert.is(cutter.cut(available), 1)
      }
    }),
  )
})

frameCutter('takes the most it may when the clock is too coarse to see a frame pass', () => {
  assert.is(run(new FrameCutter(), { frames: 20, serviceNs: 0 }).at(-1), 1_024)
})

frameCutter('learns nothing from a clock that was set back, nor from a frame without items', () => {
  const cutter = new FrameCutter()
  run(cutter, { frames: 5, serviceNs: 1_000 })
  cutter.measured(16, -1)
  cutter.measured(16, Number.NaN)
  cutter.measured(0, 100)
  assert.is(cutter.cut(plenty), 32)
})

frameCutter('takes one item when that is more than a frame may cost, heavy or not', () => {
  assert.is(run(new FrameCutter({ budgetNs: 10_000 }), { frames: 10, serviceNs: 20_000 }).at(-1), 1)
})

frameCutter('keeps to other limits when it is given some', () => {
  const cutter = new FrameCutter({ budgetNs: 100_000, heavyNs: 20_000, most: 50 })
  assert.is(run(cutter, { frames: 30, serviceNs: 10_000 }).at(-1), 10)
  assert.is(run(cutter, { frames: 2, serviceNs: 20_001 }).at(-1), 1)
  assert.is(run(cutter, { frames: 90, serviceNs: 10 }).at(-1), 50)
})

frameCutter.run()

/** Feeds frames as a stage with a full channel would; gives back the size of each. */
function run(cutter: FrameCutter, { frames, serviceNs }: { frames: number; serviceNs: number }): number[] {
  return Array.from({ length: frames }, () => {
    const items = cutter.cut(plenty)
    cutter.measured(items, (items * serviceNs) / 1e6)
    return items
  })
}

/** What several workers may report in any order: sizes that the cutter never asked for, and times from 0 to 10 s. */
function measurements() {
  return fc.array(
    fc.record({
      items: fc.integer({ min: 1, max: 5_000 }),
      elapsed: fc.oneof(
        fc.constant(0),
        fc.nat(1_000).map(micros => micros / 1_000),
        fc.nat(10_000),
      ),
    }),
    { maxLength: 50, size: 'max' },
  )
}
