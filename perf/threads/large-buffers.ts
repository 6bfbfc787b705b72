/**
 * Buffers of 40 MB, source ─▶ stage on a thread ─▶ sink: the stage looks at every page and writes one byte.
 *
 *     user's Buffer    what any program has: it has to be copied into memory that can be shared
 *     allocate         memory that can be shared from the beginning
 *     transfer         an ArrayBuffer to a bare thread and back, by `postMessage`
 *
 * All recycle a few buffers, as fresh ones would measure page faults (18 ms each). Aims: from `allocate` no slower than
 * transfer; from a user's Buffer one copy more; and 30 times pipeline_lib's rows, which also make their numbers.
 */
import { allocate, pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { look } from './actors.ts'
import { BareThread, type Done } from './bare.ts'
import { pipelineLib } from './messages.ts'
import type { Entrant, Row } from './race.ts'

export interface Sizes {
  readonly buffers: number
  readonly bytes: number
}
export const sizes = ({ quick }: Settings): Sizes => ({ buffers: quick ? 4 : 20, bytes: 40_000_000 })

/** So many are on their way, and twice as many go round: none is written to while somebody may look at it. */
const inFlight = 2

export function largeBuffers({ buffers, bytes }: Sizes): Row {
  const { measured } = pipelineLib.large
  const best = (seconds: readonly number[]) => Math.min(...seconds)
  const against = (name: string, on: 'threads' | 'processes') => ({
    says: `${name}, against pipeline_lib on ${on} (100 in ${best(measured[on])} s)`,
    ratio: (of: (entrant: string) => number) => (best(measured[on]) * 10) / of(name),
    least: 30,
  })
  return {
    name: 'large',
    title: `buffers of ${bytes / 1e6} MB, source, stage, sink`,
    unit: 'ms/buffer',
    entrants: [
      flown("a user's Buffer, threads", 'threads', buffers, () => Buffer.alloc(bytes)),
      flown('allocate, threads', 'threads', buffers, () => allocate(bytes)),
      flown("a user's Buffer, processes", 'processes', Math.ceil(buffers / 4), () => Buffer.alloc(bytes)),
      transferred('transfer, there and back', buffers, bytes),
      copied('one copy to shared memory', buffers, bytes),
    ],
    aims: [
      {
        says: 'allocate, times transfer',
        ratio: of => of('allocate, threads') / of('transfer, there and back'),
        most: 1,
      },
      {
        says: "a user's Buffer, times transfer and a copy",
        ratio: of =>
          of("a user's Buffer, threads") / (of('transfer, there and back') + of('one copy to shared memory')),
        most: 1,
      },
      against("a user's Buffer, threads", 'threads'),
      against('allocate, threads', 'threads'),
      against("a user's Buffer, processes", 'processes'),
    ],
    remarks: ['the first result is not timed, nor is the start', 'pipeline_lib was not measured by this run'],
  }
}

function flown(name: string, on: 'threads' | 'processes', count: number, make: () => Uint8Array): Entrant {
  let pool: Uint8Array[] = []
  return {
    name,
    open: async () => {
      pool = Array.from({ length: 2 * inFlight }, make)
      for (const buffer of pool) buffer.fill(0)
    },
    figure: async () => {
      const warm = 2 * inFlight
      let seen = 0
      let wrong = -1
      let startedAt = 0
      let endedAt = 0
      function* source() {
        for (let made = 0; made < warm + count; made++) {
          const buffer = pool[made % pool.length]!
          buffer[0] = made & 255
          buffer[1] = 0
          yield buffer
        }
      }
      const run = pipeline('large').from(source).stage('look', look, { on }).run({ inFlight })
      run.output.subscribe(buffer => {
        if (buffer[0] !== (seen & 255) || buffer[1] !== ((seen + 1) & 255) || buffer.length !== pool[0]!.length)
          wrong = seen
        seen++
        if (seen === warm) startedAt = performance.now()
        if (seen === warm + count) endedAt = performance.now()
      })
      await run.done
      if (wrong >= 0 || seen !== warm + count) throw new Error(`${seen} results, wrong: ${wrong}`)
      return (endedAt - startedAt) / count
    },
    close: async () => {
      pool = []
    },
  }
}

function transferred(name: string, count: number, bytes: number): Entrant {
  let thread: BareThread
  let pool: ArrayBuffer[] = []
  return {
    name,
    open: async () => {
      thread = new BareThread()
      pool = Array.from({ length: inFlight }, () => new Uint8Array(bytes).fill(1).buffer as ArrayBuffer)
      for (const buffer of pool) new Uint8Array(buffer).fill(0)
    },
    figure: async () => {
      const started = performance.now()
      const flying: Promise<Done>[] = []
      for (let place = 0; place < count + inFlight; place++) {
        if (place >= inFlight) {
          const { buffer } = await flying.shift()!
          const [sent, seen] = new Uint8Array(buffer!)
          const expected = (place - inFlight) & 255
          if (sent !== expected || seen !== ((expected + 1) & 255)) throw new Error(`buffer ${expected} is wrong`)
          pool.push(buffer!)
        }
        if (place < count) {
          const buffer = pool.shift()!
          new Uint8Array(buffer).set([place & 255, 0])
          flying.push(thread.do({ does: 'look', buffer }, [buffer]))
        }
      }
      return (performance.now() - started) / count
    },
    close: () => thread.close(),
  }
}

function copied(name: string, count: number, bytes: number): Entrant {
  let from = new Uint8Array()
  let to: Uint8Array = new Uint8Array()
  return {
    name,
    open: async () => {
      from = new Uint8Array(bytes).fill(1)
      to = new Uint8Array(new SharedArrayBuffer(bytes)).fill(0)
    },
    figure: async () => {
      const started = performance.now()
      for (let i = 0; i < count; i++) to.set(from)
      if (to[bytes - 1] !== 1) throw new Error('it was not copied')
      return (performance.now() - started) / count
    },
    close: async () => {
      from = new Uint8Array()
      to = new Uint8Array()
    },
  }
}
