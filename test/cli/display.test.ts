import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { busyOf, display, rateOf, type Shape, type View } from '../../src/cli/display.ts'
import { type Reached, remainingOf, shareOf } from '../../src/cli/progress.ts'
import { widthOf } from '../../src/cli/visible.ts'
import type { StageSnapshot } from '../../src/metrics/snapshot.ts'

const wide: Shape = { columns: 80, rows: 24, hasColours: false, isUnicode: true }

const shown = suite('the display')

shown('has a row for each stage, and the totals above', () => {
  assert.equal(display(hashing(), wide), [
    'duplicates · 12.3 s · 8,499 in · 393 out · 400/s',
    'stage                done queued service  busy',
    'measure             8,499      0  210 µs  12 %  █░░░░░░░░░',
    'hash ×4             3,200  1,024 1.30 ms  98 %  ██████████',
    'group by sha256     3,100      0 1.00 µs   0 %  ░░░░░░░░░░',
  ])
})

shown('keeps every column on forty, with shorter numbers', () => {
  assert.equal(display(hashing(), { ...wide, columns: 40 }), [
    'duplicates · 12.3 s · 8,499 in · 400/s',
    'stage         done queued service  busy',
    'measure       8.5k      0  210 µs  12 %',
    'hash ×4       3.2k   1.0k 1.30 ms  98 %',
    'group by sh…  3.1k      0 1.00 µs   0 %',
  ])
})

shown('lets columns go one after another, and never is wider than the terminal', () => {
  for (let columns = 1; columns <= 120; columns++) {
    for (const hasColours of [false, true]) {
      const lines = display({ ...known(100_000), note: 'draining …' }, { ...wide, columns, hasColours })
      for (const line of lines) assert.ok(widthOf(line) < Math.max(2, columns), `${columns}: ${line}`)
    }
  }
  const titles = (columns: number) =>
    display(hashing(), { ...wide, columns })[1]!
      .split(/ +/)
      .slice(1)
  assert.equal(titles(36), ['done', 'queued', 'service', 'busy'])
  assert.equal(titles(30), ['done', 'queued', 'busy'])
  assert.equal(titles(20), ['done', 'busy'])
  assert.equal(titles(13), ['done'])
  assert.equal(titles(9), [])
  assert.is(display(hashing(), { ...wide, columns: 4 }).length, 1, 'names of three columns say nothing')
})

shown('is no higher than the terminal, and keeps what is busiest and what there is to say', () => {
  const names = (rows: number, note?: string) =>
    display({ ...hashing(), note }, { ...wide, rows }).map(line => line.split(/ (?=[ ·])/)[0])
  assert.equal(names(6), ['duplicates', 'stage', 'measure', 'hash ×4', 'group by sha256'])
  assert.equal(names(5), ['duplicates', 'stage', 'hash ×4', '… 2 more, less busy'])
  assert.equal(names(6, 'draining …'), ['duplicates', 'stage', 'hash ×4', '… 2 more, less busy', 'draining …'])
  for (const rows of [1, 2, 3, 4]) assert.is(names(rows, 'draining …').length, Math.max(1, rows - 1))
})

shown('says how much is done and how long it takes, where all is known', () => {
  const view = known(10_000)
  // 8,499 of 10,000 came in, and 3,200 of the 4,224 that came to the hash were taken.
  assert.is(Math.round(shareOf(view.moments.at(-1)!)! * 100), 64)
  assert.match(display(view, wide)[1]!, /^█{26}░{14} 64 % of 10,000, \d s left$/)
})

shown('says how much of a file is done, in bytes, and drops first what can be missed on a narrow terminal', () => {
  const line = (columns: number) => display(known(10_000, 'bytes'), { ...wide, columns })[1]!
  assert.match(line(80), /^█{26}░{14} 64 % of 10.0 kB, \d s left$/)
  assert.match(line(25), /^█+░+ \d s left$/)
  assert.match(line(14), /^█+░+ 64 %$/)
  assert.is(line(9), '64 %')
})

shown('says nothing of what is left of a run that is being ended', () => {
  const lines = display({ ...known(10_000), isEnding: true, note: 'draining …' }, wide)
  assert.not.match(lines.join(), /left|of 10,000/)
})

shown('says nothing of the rest before anything moves, nor without a total', () => {
  const [first, last] = hashing().moments
  const [begun] = known(10).moments
  assert.is(remainingOf(begun!, begun!), undefined)
  assert.is(remainingOf(first!, last!), undefined)
  assert.is(rateOf([first!]), undefined)
})

shown('takes rate and occupancy from the last seconds, not from the beginning', () => {
  const moments = [
    moment(10_000, [stage({ received: 0, occupancy: 0 })]),
    moment(20_000, [stage({ received: 50, occupancy: 0.5 })]),
  ]
  assert.is(rateOf(moments), 5)
  assert.is(busyOf(moments, 0), 1)
})

shown('names stages that gave up, dropped or restarted something', () => {
  const moments = [moment(0, [stage({ deadLetters: 3, dropped: 1_200, restarts: 1 })])]
  assert.is(display({ moments }, wide).at(-1), 'hash: 3 given up · 1,200 dropped · 1 restart')
})

shown('obeys nothing in a name, and knows how wide it is', () => {
  const moments = [
    moment(0, [stage({ stage: 'a\u001b[31m\nb' }), stage({ stage: '写真写真' }), stage({ stage: 'plain' })]),
  ]
  const rows = display({ moments }, wide).slice(2)
  assert.ok(rows[0]!.startsWith('a\ufffd[31m\ufffdb '))
  assert.is(new Set(rows.map(widthOf)).size, 1)
})

shown('has colours and signs only where they are wanted', () => {
  assert.not.ok(display(hashing(), wide).join('').includes('\u001b'))
  assert.ok(
    display(hashing(), { ...wide, hasColours: true })
      .join('')
      .includes('\u001b'),
  )
  const plain = display(known(10_000), { ...wide, isUnicode: false, columns: 30 })
  assert.not.match(plain.join(''), /[█░·×…]/)
})

shown.run()

function hashing(): View {
  const stages = (part: number) => [
    stage({ stage: 'measure', received: 8_499 - 2_000 * part, occupancy: 0.12, service: spread(0.21) }),
    stage({
      stage: 'hash',
      workers: 4,
      received: 3_200 - 1_000 * part,
      queued: 1_024,
      occupancy: 0.98,
      service: spread(1.3),
    }),
    stage({ stage: 'group by sha256', received: 3_100 - 1_000 * part, emitted: 393, service: spread(0.001) }),
  ]
  return { moments: [moment(7_300, stages(1)), moment(12_300, stages(0))] }
}

/** The same, of a source that knows how much there is. */
function known(total: number, unit: 'items' | 'bytes' = 'items'): View {
  const moments = hashing().moments.map(moment => {
    const { received, queued } = moment.snapshot.stages[0]!
    return { ...moment, source: { done: received + queued, total, unit } }
  })
  return { moments }
}

function moment(elapsed: number, stages: StageSnapshot[]): Reached {
  return { elapsed, snapshot: { pipeline: 'duplicates', at: 0, latency: spread(0), stages } }
}

function stage(some: Partial<StageSnapshot>): StageSnapshot {
  const counts = { received: 0, emitted: 0, queued: 0, restarts: 0, deadLetters: 0, dropped: 0 }
  return { stage: 'hash', workers: 1, ...counts, service: spread(0), waiting: spread(0), occupancy: 0, ...some }
}

function spread(mean: number) {
  return { mean, p50: mean, p99: mean, max: mean }
}
