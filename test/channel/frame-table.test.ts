import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Frame, FrameTable } from '../../src/channel/frame-table.ts'
import { SequenceError } from '../../src/errors.ts'

const frameTable = suite('FrameTable')

frameTable('cuts the row into frames without gaps, of at most so many items', () => {
  const table = new FrameTable()
  const frames = [4, 3, 100].map(most => range(table.claim(0, 10, most)!))
  assert.equal(frames, [
    [0, 4],
    [4, 7],
    [7, 10],
  ])
  assert.is(table.cut, 10)
  assert.is(table.open, 3)
})

frameTable('gives nothing when nothing is there', () => {
  const table = new FrameTable()
  assert.is(table.claim(0, 0, 8), undefined)
  assert.is(table.claim(0, 5, 0), undefined)
  table.claim(0, 5, 8)
  assert.is(table.claim(0, 5, 8), undefined)
  assert.equal([table.cut, table.open], [5, 1])
})

frameTable('knows the lowest position that is not committed', () => {
  const table = new FrameTable()
  const [a, b, c] = [claim(table, 1, 2), claim(table, 2, 2), claim(table, 3, 2)]
  assert.is(table.lowest(), 0)
  commit(table, b)
  assert.is(table.lowest(), 0)
  commit(table, a)
  assert.is(table.lowest(), 4)
  commit(table, c)
  assert.is(table.lowest(), 6)
  assert.is(table.open, 0)
})

frameTable('gives back all frames of an owner, and nobody else’s', () => {
  const table = new FrameTable()
  for (const owner of [1, 2, 1, 2, 1]) claim(table, owner, 3)
  assert.is(table.giveBack(1), 3)
  assert.is(table.giveBack(1), 0)
  assert.is(table.giveBack(9), 0)
  assert.equal([table.cut, table.open, table.lowest()], [15, 5, 0])
})

frameTable('hands out what was given back first, the lowest first, before it cuts anything new', () => {
  const table = new FrameTable()
  for (const owner of [1, 2, 1, 2]) claim(table, owner, 3)
  table.giveBack(2)
  table.giveBack(1)
  const frames = Array.from({ length: 5 }, () => range(table.claim(3, 100, 1)!))
  assert.equal(frames, [
    [0, 3],
    [3, 6],
    [6, 9],
    [9, 12],
    [12, 13],
  ])
})

frameTable('refuses the commit of an owner whose frame was given back', () => {
  const table = new FrameTable()
  const dead = claim(table, 1, 3)
  table.giveBack(1)
  assert.is(table.commit(dead.frame, dead.owner, dead.epoch), false)
  const heir = claim(table, 2, 3)
  assert.is(heir.frame, dead.frame)
  assert.is(table.commit(dead.frame, dead.owner, dead.epoch), false)
  assert.equal([table.open, table.lowest()], [1, 0])
  commit(table, heir)
})

frameTable('refuses the commit of an owner that died, came back and has the same frame again', () => {
  const table = new FrameTable()
  const before = claim(table, 1, 3)
  table.giveBack(1)
  const after = claim(table, 1, 3)
  assert.is(after.frame, before.frame)
  assert.is(table.commit(before.frame, 1, before.epoch), false)
  assert.is(table.holds(before.frame, 1, before.epoch), false)
  assert.is(table.holds(after.frame, 1, after.epoch), true)
  commit(table, after)
})

frameTable('refuses the commit of a claim that another owner made', () => {
  const table = new FrameTable()
  const { frame, epoch } = claim(table, 1, 3)
  assert.is(table.commit(frame, 2, epoch), false)
  assert.is(table.open, 1)
})

frameTable('refuses a second commit', () => {
  const table = new FrameTable()
  const claimed = claim(table, 1, 3)
  commit(table, claimed)
  assert.is(table.commit(claimed.frame, claimed.owner, claimed.epoch), false)
  assert.equal([table.open, table.cut], [0, 3])
})

frameTable('uses a frame again once it is committed', () => {
  const table = new FrameTable()
  const first = claim(table, 1, 3)
  commit(table, first)
  assert.is(claim(table, 1, 3).frame, first.frame)
})

frameTable('does not cut what a split leaves of the last frame', () => {
  const table = new FrameTable()
  const { frame } = claim(table, 1, 10)
  table.split(frame, 4)
  assert.equal([range(frame), table.cut, table.open], [[0, 4], 4, 1])
  assert.equal(range(table.claim(2, 100, 3)!), [4, 7])
})

frameTable('makes a frame of what a split leaves of an earlier one, for whoever comes next', () => {
  const table = new FrameTable()
  const first = claim(table, 1, 10)
  commit(table, claim(table, 2, 10)) // what follows is committed already: cut cannot move back over it
  table.split(first.frame, 4)
  assert.equal([range(first.frame), table.cut, table.open, table.lowest()], [[0, 4], 20, 2, 0])
  commit(table, first)
  assert.is(table.lowest(), 4)
  assert.equal(range(table.claim(2, 100, 3)!), [4, 10])
})

frameTable('changes nothing when a frame is split at its end', () => {
  const table = new FrameTable()
  const { frame } = claim(table, 1, 10)
  table.split(frame, 10)
  assert.equal([range(frame), table.cut, table.open], [[0, 10], 10, 1])
})

frameTable('does not split a frame into one that is empty, nor outside of it, nor when it is free', () => {
  const table = new FrameTable()
  commit(table, claim(table, 1, 5))
  const open = claim(table, 1, 5)
  for (const at of [0, 4, 5, 11, Number.NaN]) {
    assert.throws(() => table.split(open.frame, at), isSequenceError)
  }
  assert.equal([range(open.frame), table.cut, table.open], [[5, 10], 10, 1])
  commit(table, open)
  assert.throws(() => table.split(open.frame, 7), isSequenceError)
})

frameTable('does what a plain list of frames does', () => {
  fc.assert(
    fc.property(fc.array(operation(), { maxLength: 120, size: 'max' }), operations => {
      const table = new FrameTable()
      const model = new PlainTable()
      const claims: Claim[] = []
      let arrived = 0

      for (const { act, owner, pick, amount } of operations) {
        if (act === 'arrive') arrived += amount * 4
        if (act === 'claim') {
          const frame = table.claim(owner, arrived, amount)
          const expected = model.claim(owner, arrived, amount)
          assert.equal(frame && range(frame), expected && [expected.from, expected.to])
          if (frame) claims.push({ frame, owner, epoch: frame.epoch, expected: expected!, turn: expected!.turn })
        }
        if (act === 'commit' && claims.length > 0) {
          const { frame, epoch, expected, turn, ...claim } = claims.at(-1 - (pick % Math.min(claims.length, 12)))!
          assert.is(table.commit(frame, claim.owner, epoch), model.commit(expected, turn))
        }
        if (act === 'split') {
          const held = claims.filter(({ expected, turn }) => model.holds(expected, turn))
          if (held.length > 0) {
            const { frame, expected } = held[pick % held.length]!
            const at = expected.from + 1 + (amount % (expected.to - expected.from))
            table.split(frame, at)
            model.split(expected, at)
          }
        }
        if (act === 'give back') assert.is(table.giveBack(owner), model.giveBack(owner))

        assert.equal([table.cut, table.open, table.lowest()], [model.cut, model.frames.length, model.lowest()])
        for (const { frame, owner, epoch, expected, turn } of claims) {
          assert.is(table.holds(frame, owner, epoch), model.holds(expected, turn))
          if (model.holds(expected, turn)) assert.equal(range(frame), [expected.from, expected.to])
        }
        assert.is(new Set(claims.map(({ epoch }) => epoch)).size, claims.length)
      }
    }),
    { numRuns: 300 },
  )
})

frameTable('has every item committed exactly once, by owners that die at random and come back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(operation(), { minLength: 1, maxLength: 400, size: 'max' }),
      fc.integer({ min: 1, max: 400 }),
      (owners, operations, items) => {
        const table = new FrameTable()
        const commits = new Uint8Array(items)
        const inHand: (Hand | undefined)[] = new Array(owners).fill(undefined)
        const zombies: Hand[] = [] // what the dead had in hand, and still try to commit
        let arrived = 0

        const finish = (hand: Hand) => {
          const { from, to } = hand.frame
          const done = table.commit(hand.frame, hand.owner, hand.epoch)
          if (done) for (let position = from; position < to; position++) commits[position]!++
          return done
        }
        const step = ({ act, owner: any, pick, amount }: Operation) => {
          const owner = any % owners
          const hand = inHand[owner]
          if (act === 'arrive') arrived = Math.min(items, arrived + amount * 4)
          if (act === 'claim' && !hand) {
            const frame = table.claim(owner, arrived, amount)
            if (frame) inHand[owner] = { frame, owner, epoch: frame.epoch }
          }
          if (act === 'commit' && hand) {
            assert.is(finish(hand), true, 'a living owner commits what it has in hand')
            inHand[owner] = undefined
          }
          if (act === 'commit' && zombies.length > 0) {
            assert.is(finish(zombies[pick % zombies.length]!), false, 'a dead owner commits nothing')
          }
          if (act === 'split' && hand) table.split(hand.frame, hand.frame.from + 1 + (amount % length(hand.frame)))
          if (act === 'give back') {
            assert.is(table.giveBack(owner), hand ? 1 : 0)
            if (hand) zombies.push(hand)
            inHand[owner] = undefined
          }
          const uncommitted = commits.indexOf(0)
          assert.is(table.lowest(), uncommitted < 0 ? items : uncommitted)
        }

        for (const each of operations) step(each)
        arrived = items
        while (commits.includes(0)) {
          for (let owner = 0; owner < owners; owner++) {
            for (const act of ['claim', 'commit'] as const) step({ act, owner, pick: owner, amount: 7 })
          }
        }
        assert.ok(commits.every(times => times === 1))
        assert.equal([table.cut, table.open, table.lowest()], [items, 0, items])
      },
    ),
    { numRuns: 200 },
  )
})

frameTable.run()

interface Hand {
  readonly frame: Frame
  readonly owner: number
  readonly epoch: number
}

/** A claim as the table knows it, and as the model does. */
interface Claim extends Hand {
  readonly expected: PlainFrame
  readonly turn: number
}

interface Operation {
  readonly act: 'arrive' | 'claim' | 'commit' | 'split' | 'give back'
  readonly owner: number
  readonly pick: number
  readonly amount: number
}

function operation(): fc.Arbitrary<Operation> {
  return fc.record({
    act: fc.constantFrom('arrive', 'claim', 'claim', 'claim', 'commit', 'commit', 'split', 'give back'),
    owner: fc.nat(7),
    pick: fc.nat(1_000),
    amount: fc.integer({ min: 1, max: 12 }),
  })
}

interface PlainFrame {
  from: number
  to: number
  owner: number
  claimed: boolean
  /** Which of its claims this is: what tells a stale one from a standing one. */
  turn: number
}

/** What the table is meant to do, with no regard for speed: open frames in a sorted list. */
class PlainTable {
  frames: PlainFrame[] = []
  cut = 0

  claim(owner: number, arrived: number, most: number): PlainFrame | undefined {
    let frame = this.frames.find(({ claimed }) => !claimed)
    if (!frame) {
      const to = Math.min(arrived, this.cut + most)
      if (to <= this.cut) return undefined
      frame = { from: this.cut, to, owner, claimed: true, turn: 0 }
      this.frames.push(frame)
      this.cut = to
    }
    return Object.assign(frame, { owner, claimed: true, turn: frame.turn + 1 })
  }

  holds(frame: PlainFrame, turn: number): boolean {
    return this.frames.includes(frame) && frame.claimed && frame.turn === turn
  }

  commit(frame: PlainFrame, turn: number): boolean {
    if (!this.holds(frame, turn)) return false
    this.frames.splice(this.frames.indexOf(frame), 1)
    return true
  }

  split(frame: PlainFrame, at: number): void {
    if (at === frame.to) return
    if (frame.to === this.cut) this.cut = at
    else this.frames.push({ ...frame, from: at, claimed: false, turn: 0 })
    frame.to = at
    this.frames.sort((a, b) => a.from - b.from)
  }

  giveBack(owner: number): number {
    const theirs = this.frames.filter(frame => frame.claimed && frame.owner === owner)
    for (const frame of theirs) frame.claimed = false
    return theirs.length
  }

  lowest(): number {
    return Math.min(this.cut, ...this.frames.map(({ from }) => from))
  }
}

/** A claim on plenty of items, as its owner remembers it. */
function claim(table: FrameTable, owner: number, most: number): Hand {
  const frame = table.claim(owner, 1_000_000, most)!
  return { frame, owner, epoch: frame.epoch }
}

function commit(table: FrameTable, { frame, owner, epoch }: Hand): void {
  assert.is(table.commit(frame, owner, epoch), true)
}

function range({ from, to }: Frame): [number, number] {
  return [from, to]
}

function length({ from, to }: Frame): number {
  return to - from
}

function isSequenceError(error: unknown): boolean {
  return error instanceof SequenceError
}
