import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Channel, type Entered } from '../../../src/channel/channel.ts'
import { systemClock } from '../../../src/clock.ts'
import { Plane } from '../../../src/ring/plane.ts'
import { Pump } from '../../../src/stage/pump.ts'
import { KeptAttachments } from '../../../src/stage/section/attached.ts'
import { Samples } from '../../../src/stage/section/samples.ts'
import { manualClock } from '../../../src/testing/manual-clock.ts'
import { bench } from '../../support/bench.ts'
import { upTo } from '../../support/take.ts'
import { within } from '../../support/within.ts'

const samples = suite('Samples')

/** Rows: source, a, b, sink; b is the stage that is watched. */
function watched(slots = 16) {
  const on = bench({ capacities: [1_024, 1_024, 1_024, 1_024], slots })
  const clock = manualClock()
  const pump = new Pump(clock, () => {})
  const input = new Channel({ items: 1_024, bytes: Infinity }, false)
  const told: Entered[] = []
  let plane: Plane = on.plane
  const samples = () => new Samples(input, plane, 2, new KeptAttachments(), pump)
  return {
    ...{ ...on, clock, input, told },
    /** Has whoever samples see memory through that. */
    through: (other: Plane) => {
      plane = other
    },
    samples,
    watch: () => input.watch(entered => told.push(entered)),
    /** Items come in for `b`, in a frame of their own. */
    enter: (items: readonly unknown[]) => {
      on.feed(items)
      on.claim(1, Infinity)!.commit()
    },
    look: (each: Samples) => {
      clock.advance(1)
      pump.hold()
      pump.letGo(true)
      pump.time = clock.now()
      each.look()
    },
  }
}

const rows = (told: readonly Entered[]) => told.map(({ sequence, item, missed }) => [sequence, item, missed])

samples('tell of the newest frame, and how many items they missed before it', () => {
  const { enter, look, samples, watch, told } = watched()
  const each = samples()
  watch()
  enter(['a', 'b'])
  look(each)
  enter(['c', 'd', 'e'])
  enter(['f'])
  look(each)
  look(each)
  assert.equal(rows(told), [
    [0, 'a', 0],
    [1, 'b', 0],
    [5, 'f', 3],
  ])
})

samples('tell of what was claimed already, if nothing waits', () => {
  const { enter, look, samples, watch, told, claim } = watched()
  const each = samples()
  watch()
  enter(['a'])
  claim(2, Infinity)!.commit()
  enter(['b', 'c'])
  claim(2, Infinity)
  look(each)
  assert.equal(rows(told), [
    [1, 'b', 1],
    [2, 'c', 0],
  ])
})

samples('begin with what comes in from then on', () => {
  const { enter, look, samples, watch, told } = watched()
  const each = samples()
  enter(['a', 'b'])
  const unwatch = watch()
  look(each)
  enter(['c'])
  look(each)
  unwatch()
  enter(['d', 'e'])
  look(each)
  watch()
  enter(['f'])
  look(each)
  assert.equal(rows(told), [
    [2, 'c', 0],
    [5, 'f', 0],
  ])
})

samples('are nothing that is past: not even where it is written over while it is being read', () => {
  const { enter, look, samples, watch, told, claim, plane, through } = watched(2)
  const rush = () => {
    for (const n of upTo(9)) {
      claim(2, Infinity)?.commit()
      claim(3, Infinity)?.commit()
      enter([`later ${n}`])
    }
  }
  let isRushing = false
  through(
    Object.create(plane, {
      bytes: {
        value(segment: number) {
          if (isRushing) {
            isRushing = false
            rush()
          }
          return plane.bytes(segment)
        },
      },
      knows: { value: (segment: number) => plane.knows(segment) },
      segments: { value: plane.segments },
      tables: { value: plane.tables },
    }) as Plane,
  )
  const each = samples()
  watch()
  enter(['first'])
  isRushing = true
  look(each)
  assert.equal([isRushing, rows(told)], [false, []])
  look(each)
  assert.equal(rows(told), [[9, 'later 8', 9]])
})

samples('have no price while nobody watches', () => {
  const { enter, look, samples, told, plane, through } = watched()
  through(
    Object.create(plane, {
      tables: { value: plane.tables },
      segments: {
        get() {
          throw new Error('it was looked at')
        },
      },
    }) as Plane,
  )
  const each = samples()
  enter(['a'])
  look(each)
  assert.equal(told, [])
})

samples('come by themselves, without keeping the process alive', async () => {
  const { enter, told, input, plane } = watched()
  const pump = new Pump(systemClock, () => {})
  pump.start()
  const each = new Samples(input, plane, 2, new KeptAttachments(), pump)
  const alive = process.getActiveResourcesInfo().length
  const seen = new Promise<void>(resolve => {
    input.watch(entered => {
      told.push(entered)
      resolve()
    })
  })
  assert.is(process.getActiveResourcesInfo().length, alive)
  enter(['a'])
  await within(5_000, seen)
  assert.equal(rows(told), [[0, 'a', 0]])
  each.close()
})

samples('are right whatever is written and read meanwhile, between any two looks at memory', () => {
  let seed = 7
  let all = 0
  const draw = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return (seed >> 8) % below
  }
  for (let round = 0; round < 60; round++) {
    const { feed, claim, look, samples, watch, told, plane, through } = watched(2 << draw(3))
    /** What has entered `b`: what `a` has led to. */
    let entered = 0
    let fed = 0
    let inHand: ReturnType<typeof claim>
    const step = (what: number) => {
      if (what === 0) {
        const items = upTo(1 + draw(5)).map(n => fed + n)
        if (plane.tables[0]!.published - plane.tables[1]!.published < 2 && feed(items, 1 + draw(3))) fed += items.length
      } else if (what === 1) {
        const frame = claim(1, 1 + draw(4))
        frame?.commit(frame.items.flatMap(item => upTo(Math.max(0, ((item as number) % 4) - 1)).map(() => entered++)))
      } else if (what === 2) {
        inHand ??= claim(2, 1 + draw(6))
      } else {
        inHand?.commit()
        inHand = undefined
        claim(3, 1_000)?.commit()
      }
    }
    // Whoever samples sees the same memory, which others change between any two of its looks at it.
    const seen = new Plane(plane.shared)
    let isLooking = false
    const often = 2 + draw(30)
    seen.words.load = at => {
      for (let steps = isLooking && draw(often) === 0 ? 1 + draw(30) : 0; steps > 0; steps--) step(draw(4))
      return plane.words.load(at)
    }
    through(seen)
    const each = samples()
    watch()
    for (let n = 0; n < 400; n++) {
      const what = draw(5)
      isLooking = what === 4
      if (isLooking) look(each)
      else step(what)
      isLooking = false
    }
    let next = 0
    for (const { sequence, item, missed } of told) {
      assert.equal([sequence, missed], [item, sequence - next], `round ${round}`)
      next = sequence + 1
    }
    assert.ok(next <= entered, `round ${round}`)
    all += told.length
  }
  assert.ok(all > 1_000, `${all} in all`)
})

samples.run()
