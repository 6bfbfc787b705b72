/**
 * Items to bytes in a SharedArrayBuffer and back to items: in frames of 256, and each alone.
 *
 *     items ─▶ encode ─▶ [shared memory] ─▶ decode ─▶ sink
 *
 * Aims, in frames of 256: numbers 4 ns, flat records of numbers 15, Buffers of 100 bytes 60, strings of 100 characters 80; the
 * rest 1.5 times as fast as structured clone, which is the baseline: it is what a port does, without the port.
 */
import { deserialize, serialize } from 'node:v8'
import { FrameDecoder } from '../../src/codec/frame-decoder.ts'
import { FrameEncoder } from '../../src/codec/frame-encoder.ts'
import { compare } from '../harness/bench.ts'
import type { Compared, Contender, Settings } from '../harness/contender.ts'
import { renderCompared } from '../harness/report.ts'
import type { Outcome } from '../harness/suite.ts'
import { tally } from '../harness/tally.ts'

interface Kind<T> {
  readonly name: string
  readonly make: (i: number) => T
  /** The whole number by which an item is known. */
  readonly value: (item: T) => number
  /** JSON brings something else. */
  readonly isBinary?: boolean
}

const text = (i: number, length: number) =>
  Buffer.from(`${i} `.padEnd(length, 'the quick brown fox ')).toString('latin1', 0, length)
const kind = <T>(of: Kind<T>) => of as Kind<any>

const kinds: readonly Kind<any>[] = [
  kind({ name: 'numbers', make: i => i * 1.5, value: n => n * 2 }),
  kind({ name: 'Buffers of 100 bytes', make: i => Buffer.alloc(100, i), value: b => b[99]!, isBinary: true }),
  kind({ name: 'strings of 100 characters', make: i => text(i, 100), value: s => s.charCodeAt(0) + s.length }),
  kind({ name: 'flat records of numbers', make: i => ({ a: i, b: i * 1.5, c: -i }), value: r => r.a - r.c }),
  kind({
    name: 'records with strings',
    make: i => ({ id: i, name: text(i, 12), email: text(i, 24), active: i % 2 === 0, score: i / 3 }),
    value: r => r.id + r.email.length,
  }),
  kind({
    name: 'records with strings, tags and 100 bytes',
    make: i => ({ id: i, name: text(i, 12), tags: ['red', 'green', text(i, 8)], payload: Buffer.alloc(100, i) }),
    value: r => r.id + r.tags[2]!.length + r.payload[99]!,
    isBinary: true,
  }),
  kind({
    name: 'nested records',
    make: i => ({ id: i, at: { x: i, y: i * 2.5 }, list: [1, 2, 3] }),
    value: r => r.id + r.at.x + r.list[2]!,
  }),
  kind({ name: 'strings of 1 KB', make: i => text(i, 1_024), value: s => s.charCodeAt(0) + s.length }),
  kind({
    name: 'maps',
    make: i =>
      new Map([
        ['a', i],
        ['b', -i],
      ]),
    value: m => m.get('a')! - m.get('b')!,
    isBinary: true,
  }),
  kind({
    name: 'a mixture',
    make: i => [i, text(i, 9), { a: i }, [i, i]][i % 4] as any,
    value: (m: any) => (typeof m === 'object' ? (m.a ?? m[0]) : typeof m === 'string' ? m.length : m),
  }),
]

type Frames = readonly (readonly unknown[])[]

export async function run(settings: Settings): Promise<Outcome> {
  const all: Compared[] = []
  const peers = await others()
  for (const each of kinds) {
    for (const size of [256, 1]) all.push(await measured(each, size, peers, settings))
  }
  return { text: all.map(renderCompared).join('\n\n'), data: all }
}

function measured(of: Kind<any>, size: number, peers: readonly Peer[], settings: Settings): Promise<Compared> {
  const items = Array.from({ length: 256 }, (_, i) => of.make(i))
  const contenders: Contender<Frames, unknown>[] = [
    peer({ name: 'structuredClone', copy: structuredClone }),
    peer({ name: 'nothing: the loop and the sink', copy: items => items }),
    millrace(),
    ...peers.filter(({ name }) => name !== 'JSON' || !of.isBinary).map(peer),
  ]
  return compare(
    {
      name: `codec, ${of.name}`,
      title: size === 1 ? 'each alone' : `in frames of ${size}`,
      items: 51_200,
      quickItems: 12_800,
      input: count =>
        Array.from({ length: Math.ceil(count / size) }, (_, i) =>
          part(items, i * size, Math.min(size, count - i * size)),
        ),
      model: frames => frames.flatMap(frame => frame.map(of.value)),
      tally: tally(of.value),
      baseline: 'structuredClone',
      contenders,
    },
    settings,
  )
}

function part(items: readonly unknown[], from: number, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => items[(from + i) % items.length])
}

function millrace(): Contender<Frames, unknown> {
  const memory = new Uint8Array(new SharedArrayBuffer(1 << 20))
  const encoder = new FrameEncoder()
  const decoder = new FrameDecoder()
  return {
    name: 'millrace',
    run: (frames, sink) => {
      for (const frame of frames) {
        for (let at = 0; at < frame.length; ) {
          const { taken, bytes } = encoder.encode(frame, at, frame.length, memory, 0, memory.length)
          const items: unknown[] = []
          decoder.decode(memory, 0, bytes, items)
          for (const item of items) sink(item)
          at += taken
        }
      }
    },
  }
}

interface Peer {
  readonly name: string
  readonly copy: (items: unknown) => unknown
}

/** A frame is an array to them, except where items go alone. */
function peer({ name, copy }: Peer): Contender<Frames, unknown> {
  return {
    name,
    share: name === 'v8.serialize' ? 0.25 : 1,
    run: (frames, sink) => {
      for (const frame of frames) {
        if (frame.length === 1) sink(copy(frame[0]))
        else for (const item of copy(frame) as unknown[]) sink(item)
      }
    },
  }
}

async function others(): Promise<Peer[]> {
  const peers: Peer[] = [
    { name: 'v8.serialize', copy: value => deserialize(serialize(value)) },
    { name: 'JSON', copy: value => JSON.parse(JSON.stringify(value)) },
  ]
  const msgpackr = await installed('msgpackr')
  if (msgpackr) {
    const packr = new msgpackr.Packr({ structures: [], moreTypes: true })
    peers.push({ name: 'msgpackr, shared structures', copy: value => packr.unpack(packr.pack(value)) })
  }
  const cbor = await installed('cbor-x')
  if (cbor) {
    const encoder = new cbor.Encoder({ structures: [] })
    peers.push({ name: 'cbor-x, shared structures', copy: value => encoder.decode(encoder.encode(value)) })
  }
  return peers
}

/** Peers that are measured where they are there: `npm install --no-save msgpackr cbor-x` brings them. */
async function installed(name: string): Promise<any> {
  try {
    return await import(name)
  } catch {
    return undefined
  }
}
