/** What is inferred from the parts of the shelf. Nothing here ever runs: `tsc -p .` is the test. */
import { pipeline } from 'millrace'
import {
  batch,
  collect,
  csv,
  directory,
  discard,
  distinct,
  type Entry,
  type FileFacts,
  type FoundFile,
  interval,
  lines,
  ndjson,
  range,
  sample,
  scan,
  type Timed,
  throttle,
  timed,
  unbatch,
  window,
  writeLines,
} from 'millrace/actors'
import type { Observable } from 'rxjs'
import { type Equal, expect } from './expect.ts'

type Out<P> = P extends { run(): { output: Observable<infer T> } } ? T : never
interface File {
  path: string
  bytes: number
}
const start = pipeline('t')
const files = start.from([] as File[])

/* ── Sources ─────────────────────────────────────────────────────────────── */

const text = start.from(lines('a'))
expect<Equal<Out<typeof text>, string>>()
const values = start.from(ndjson('a'))
expect<Equal<Out<typeof values>, unknown>>()
const known = start.from(ndjson<File>('a'))
expect<Equal<Out<typeof known>, File>>()
const records = start.from(csv('a'))
expect<Equal<Out<typeof records>, Record<string, string>>>()
const named = start.from(csv('a', { headers: ['x', 'y'] }))
expect<Equal<Out<typeof named>, Record<'x' | 'y', string>>>()
const arrays = start.from(csv('a', { headers: false, delimiter: ';' }))
expect<Equal<Out<typeof arrays>, string[]>>()
const numbers = start.from(range(1))
expect<Equal<Out<typeof numbers>, number>>()
const ticks = start.from(interval(1))
expect<Equal<Out<typeof ticks>, number>>()
const entries = start.from(directory('a'))
expect<Equal<Out<typeof entries>, Entry>>()
const sizes = entries.map(entry => (entry.error ? undefined : entry.size))
expect<Equal<Out<typeof sizes>, number>>()
const bytes = start.from(directory('a', { encoding: 'buffer', onUnreadable: ({ path }) => void path.byteLength }))
expect<Equal<Out<typeof bytes>, FoundFile<Buffer, FileFacts>>>()
// @ts-expect-error sizes were not asked for
start.from(directory('a', { stat: false, onUnreadable() {} })).map(({ size }) => size)
// @ts-expect-error an unknown option
lines('a', { encodign: 'utf-8' })

/* ── Transforms: a function of the item says what it takes, all else is inferred ── */

const batches = files.stage('b', batch({ size: 2 }))
expect<Equal<Out<typeof batches>, File[]>>()
const weighed = files.stage('b', batch({ weight: 2, weigh: 'bytes' }), { on: 'threads' })
expect<Equal<Out<typeof weighed>, File[]>>()
const byFunction = files.stage('b', batch({ weight: 2, weigh: ({ bytes }: File) => bytes }))
expect<Equal<Out<typeof byFunction>, File[]>>()
const apart = batches.stage('u', unbatch())
expect<Equal<Out<typeof apart>, File>>()
const windows = files.stage('w', window({ size: 2 }))
expect<Equal<Out<typeof windows>, File[]>>()
const once = files.stage('d', distinct())
expect<Equal<Out<typeof once>, File>>()
const onceBy = files.stage('d', distinct({ by: 'path' })).stage('e', distinct({ by: ({ bytes }: File) => bytes }))
expect<Equal<Out<typeof onceBy>, File>>()
const some = files.stage('s', sample({ every: 2 })).stage('t', throttle({ items: 1, per: 1 }))
expect<Equal<Out<typeof some>, File>>()
const total = files.stage(
  's',
  scan((sum, { bytes }: File) => sum + bytes, 0),
)
expect<Equal<Out<typeof total>, number>>()
const took = files.stage(
  't',
  timed(async ({ bytes }: File) => (bytes > 0 ? bytes : undefined)),
)
expect<Equal<Out<typeof took>, Timed<number>>>()

/* ── Sinks ───────────────────────────────────────────────────────────────── */

const all: File[] = []
expect<Equal<Out<ReturnType<typeof sinks>[number]>, never>>()
function sinks() {
  return [files.stage('c', collect(all)), files.stage('d', discard()), text.stage('w', writeLines('a'))] as const
}
// @ts-expect-error files are no texts
files.stage('w', writeLines('a'))
