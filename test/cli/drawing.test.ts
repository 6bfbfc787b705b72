import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Box, type Drawing, drawingOf, type Row } from '../../src/cli/drawing.ts'
import { layoutOf } from '../../src/cli/layout.ts'
import { mermaid } from '../../src/cli/mermaid.ts'
import { svg } from '../../src/cli/svg.ts'
import { pipeline } from '../../src/index.ts'
import { blueprintOf } from '../../src/pipeline/blueprint.ts'
import odd from './fixtures/odd-names.ts'

const graph = suite('the graph')

const inner = pipeline<number>('inner')
  .stage('add', n => n + 1)
  .map(n => n)
const nested = pipeline('outer')
  .from([1], { capacity: 7 })
  .map(n => n)
  .filter(n => n > 0)
  .stage('nest', inner, { workers: 2, concurrency: 3 })
  .stage('by parity', n => n, { key: n => n % 2, order: 'completion', capacity: 2_000 })

const long = Array.from({ length: 12 }).reduce<any>(
  (before, _, i) => before.stage(`stage number ${i}`, (n: number) => n),
  nested.map(n => n).filter(() => true),
)

graph('has every step as it was written, and a box for each stage that runs', () => {
  const { written, runs } = drawn(nested)
  assert.equal(text(written), 'source → map → filter → nest [add → map] → by parity → results')
  const notes = 'nest, 2 workers, 3 at a time [add → map@2] → by parity, by key, as they finish'
  assert.equal(text(runs), `source → map·filter@1 → ${notes} → results`)
})

graph('has what the channel before each stage may hold', () => {
  const { runs } = drawn(nested)
  assert.equal(runs.channels, [undefined, '7', '1,024', '2,000', undefined])
  assert.equal(runs.boxes[2]!.inner!.channels, [undefined, '1,024'])
})

graph('knows which step became which stage', () => {
  const { written, runs } = drawn(nested)
  const names = new Map(runs.boxes.map(({ id, lines }) => [id, lines[0]]))
  assert.equal(
    written.boxes.map(({ becomes }) => becomes && names.get(becomes)),
    [undefined, 'map·filter@1', 'map·filter@1', 'nest', 'by parity', undefined],
  )
})

graph('draws what has no steps, and what has no source', () => {
  assert.is(text(drawn(pipeline('none').from([1])).runs), 'source → through → results')
  assert.is(text(drawn(inner).written), 'send → add → map → results')
})

graph('in Mermaid has nested pipelines as subgraphs', () => {
  const lines = mermaid(drawn(nested)).map(line => line.trim())
  assert.ok(lines.includes('subgraph w2["nest"]'))
  assert.ok(lines.includes('subgraph r2["nest · 2 workers · 3 at a time"]'), 'on one line: there is room for one')
  assert.ok(lines.includes('r0 -->|1,024| r2'))
  assert.is(lines.filter(line => line.startsWith('subgraph')).length, lines.filter(line => line === 'end').length)
})

graph('in Mermaid goes down, and not across, where there are many stages', () => {
  assert.equal(mermaid(drawn(nested)).slice(0, 3).map(word), ['flowchart TB', 'subgraph', 'direction LR'])
  assert.equal(mermaid(drawn(long)).slice(0, 3).map(word), ['flowchart LR', 'subgraph', 'direction TB'])

  function word(line: string): string {
    return line.trim().replace(/^subgraph.*/, 'subgraph')
  }
})

graph('in Mermaid has nothing in a label that Mermaid would obey', () => {
  const labels = mermaid(drawn(odd)).flatMap(line => /\["(.*)"\]/.exec(line)?.[1] ?? [])
  assert.ok(labels.includes('#34;quotes#34; #38; #60;tags#62;, as written'))
  assert.ok(labels.some(label => label.startsWith('a#34;#93;#59; b --#62; c')))
  assert.ok(labels.includes('写真'))
  for (const label of labels)
    assert.match(label.replaceAll('<br/>', ' ').replace(/#\d+;/g, ''), /^[\p{L}\p{M}\p{N} _.,·×@-]*$/u)
})

graph('in SVG has its boxes apart from each other, and within the picture', () => {
  for (const drawing of [drawn(nested), drawn(odd), drawn(long), drawn(pipeline('none').from([1]))]) {
    const picture = svg(drawing)
    const [width, height] = /viewBox="0 0 (\S+) (\S+)"/.exec(picture)!.slice(1).map(Number)
    const boxes = [...picture.matchAll(/<rect class="\w+" x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"/g)].map(
      match => {
        const [x, y, w, h] = match.slice(1).map(Number)
        return { left: x!, top: y!, right: x! + w!, bottom: y! + h! }
      },
    )
    assert.is(boxes.length, count(drawing.written) + count(drawing.runs))
    for (const [i, a] of boxes.entries()) {
      assert.ok(a.left >= 0 && a.top >= 0 && a.right <= width! && a.bottom <= height!)
      for (const b of boxes.slice(i + 1)) assert.ok(isApart(a, b) || isWithin(b, a), 'boxes do not overlap')
    }
  }
})

graph('in SVG goes across, or down where that would be too wide, with each step beside its stage', () => {
  const across = layoutOf(drawn(nested))
  assert.is(new Set(across.parts[0]!.boxes.map(({ y, height }) => y + height / 2)).size, 1)
  const { width, parts, links } = layoutOf(drawn(long))
  assert.ok(width < 1_200)
  const [written, runs] = parts
  assert.is(new Set(runs!.boxes.map(({ x, width }) => x + width / 2)).size, 1)
  assert.equal(links.filter(({ from, to }) => from.y === to.y).length, 14)
  assert.equal(
    written!.boxes.map(({ box }) => box.id),
    drawn(long).written.boxes.map(({ id }) => id),
  )
})

graph('in SVG is light and dark', () => {
  assert.match(svg(drawn(nested)), /prefers-color-scheme: dark/)
})

graph('in SVG is well-formed, whatever the names are', () => {
  const picture = svg(drawn(odd))
  const open: string[] = []
  for (const [, end, name, selfClosed] of picture
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .matchAll(/<(\/?)([\w]+)(?:\s[\w-]+="[^"<]*")*(\/?)>/g)) {
    if (end) assert.is(open.pop(), name)
    else if (!selfClosed) open.push(name!)
  }
  assert.equal(open, [])
  assert.match(picture, '&lt;/text&gt;&lt;script&gt;')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has none of them
  assert.not.match(picture, /[\u0000-\u0009\u000b-\u001f]/)
})

graph.run()

function drawn(pipeline: unknown): Drawing {
  return drawingOf(blueprintOf(pipeline)!)
}

function text({ boxes }: Row): string {
  return boxes.map(({ lines, inner }) => lines.join(', ') + (inner ? ` [${text(inner)}]` : '')).join(' → ')
}

function count({ boxes }: Row): number {
  return boxes.reduce((sum: number, { inner }: Box) => sum + 1 + (inner ? count(inner) : 0), 0)
}

interface Edges {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

function isApart(a: Edges, b: Edges): boolean {
  return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
}

function isWithin(a: Edges, b: Edges): boolean {
  return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom
}
