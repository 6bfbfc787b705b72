/** What is seen from outside, while everything goes on between any two looks at a word. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HANDLED, ITEMS } from '../../src/ring/record.ts'
import { NOTHING, Seat } from '../../src/ring/seat.ts'
import { Table } from '../../src/ring/table.ts'
import * as view from '../../src/ring/view.ts'
import { SharedWords } from '../../src/ring/words.ts'
import { hashed } from './records.ts'

const views = suite('what is seen of a table')

const answers: Readonly<Record<string, (table: Table) => unknown>> = {
  receivedIn: view.receivedIn,
  settledIn: view.settledIn,
  queuedIn: view.queuedIn,
  arrivedIn: view.arrivedIn,
  isOpen: view.isOpen,
  inHandOf: table => view.inHandOf(table, 0),
  handOf: table => view.handOf(table, 0)?.hand,
  claimedBy: table => JSON.stringify(view.claimedBy(table, 0)),
}

for (const [name, ask] of Object.entries(answers)) {
  views(`${name} was true at some moment, whatever happens while it looks`, () => {
    for (let seed = 1; seed <= 400; seed++) {
      const truths: unknown[] = []
      const { seen, step, before } = row(seed)
      let steps = 0
      /** At each load, so many things happen, drawn anew; in the end nothing more, so that it comes to an end. */
      let random = seed * 7
      before(() => {
        random = hashed(random + 1)
        for (let i = random & 8 ? 0 : (random >>> 4) % 7; i > 0 && steps < 60; i--, steps++) {
          step()
          truths.push(ask(seen.quiet))
        }
      })
      for (let i = 0; i < 4 + (seed % 9); i++) step()
      truths.push(ask(seen.quiet))
      const answer = ask(seen.busy)
      assert.ok(truths.includes(answer), `seed ${seed}: ${name} says ${answer}, and was ${[...new Set(truths)]}`)
    }
  })
}

views('what a worker was about to commit as it died is still claimed', () => {
  const { seen, seats, source } = row(1)
  put(source, 3)
  put(source, 3)
  assert.is(seats[0]!.claim(9), 1)
  seats[0]!.commit(2)
  assert.is(seats[0]!.claim(9), 1)
  const table = seen.quiet
  const record = table.recordAt(seats[0]!.frame, 0)
  table.words.set(record + HANDLED, table.words.get(record + ITEMS))
  assert.equal(view.claimedBy(table, 0), [{ from: 2, to: 6 }])
})

views('what lies in a list that this thread was not told of is some item for each chunk', () => {
  const { seen, seats, source } = row(1, () => undefined)
  source.claim(1)
  for (let i = 0; i < 4; i++) {
    assert.ok(source.reserve(8))
    source.put(8, 2)
  }
  source.commit()
  assert.is(view.queuedIn(seen.quiet), 8)
  seats[0]!.claim(2)
  assert.is(view.queuedIn(seen.quiet), 3)
})

views.run()

function put(seat: Seat, items: number): boolean {
  if (seat.claim(1) === NOTHING) return false
  if (seat.reserve(items * 4)) seat.put(items * 4, items)
  seat.commit()
  return true
}

/** A source, a stage of two, a sink; on this thread, where a step is a call. */
function row(seed: number, known: (words: SharedWords) => SharedWords | undefined = words => words) {
  const shapes = [1, 2, 1].map(seats => ({ slots: 4, seats, capacity: 1_000 }))
  const size = shapes.reduce((sum, shape) => sum + Table.wordsFor(shape), 0)
  const words = new SharedWords(new SharedArrayBuffer(size * 4))
  const arenas = Array.from({ length: 4 }, () => new SharedWords(new SharedArrayBuffer(4_096)))
  let interrupt = () => {}
  let isBusy = false
  const looking = Object.create(words, {
    load: {
      value(at: number) {
        if (!isBusy) {
          isBusy = true
          interrupt()
          isBusy = false
        }
        return words.load(at)
      },
    },
  }) as SharedWords
  const make = (words: SharedWords, isKnown: boolean) => {
    let base = 0
    const segments = {
      words: (segment: number) => (isKnown ? arenas[segment] : known(arenas[segment]!)),
      spill: () => undefined,
    }
    const tables = shapes.map(shape => {
      const table = new Table(words, base, shape, segments)
      base += Table.wordsFor(shape)
      return table
    })
    for (const [i, table] of tables.entries()) {
      table.up = tables[i - 1]
      table.down = tables[i + 1]
    }
    return tables
  }
  const tables = make(words, true)
  for (const table of tables) table.format(-6)
  const segments = { words: (segment: number) => arenas[segment], spill: () => undefined }
  const place = (row: number, seat: number, segment: number) =>
    new Seat(tables[row]!, seat, segments, { segment, bytes: row === 2 ? 0 : 4_096 })
  const source = place(0, 0, 0)
  const seats = [place(1, 0, 1), place(1, 1, 2)]
  const sink = place(2, 0, 3)
  const inHand = [false, false]
  let random = seed
  const draw = (below: number) => {
    random = hashed(random + 0x51ed27)
    return (random >>> 3) % below
  }
  const step = () => {
    const what = draw(8)
    if (what < 2) return void put(source, 1 + draw(3))
    if (what === 2) return void (sink.claim(9) === NOTHING || sink.commit())
    const index = what & 1
    const seat = seats[index]!
    if (!inHand[index]) return void (inHand[index] = seat.claim(1 + draw(4)) !== NOTHING)
    if (what < 5 && seat.items > 0) return seat.hold(seat.handled + draw(seat.pieceEnd - seat.handled))
    const end = draw(3) > 0 ? seat.pieceEnd : seat.handled + draw(seat.pieceEnd - seat.handled)
    if (end > seat.handled && seat.reserve(4)) seat.put(4, 1)
    seat.commit(end)
    inHand[index] = false
  }
  const seen = { quiet: make(words, false)[1]!, busy: make(looking, false)[1]! }
  return { seen, step, seats, source, before: (act: () => void) => void (interrupt = act) }
}
