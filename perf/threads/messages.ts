/**
 * 50,000 messages of 100 bytes, source ─▶ stage ─▶ sink, the stage on a thread and in a process: from `run()` to the end, as
 * pipeline_lib measures it, and from the first result to the last.
 *
 * Aim: 30 times as fast as the thread row and the process row of pipeline_lib: seconds of another day, so no ratio within a
 * round.
 */
import { pipeline } from '../../src/index.ts'
import type { Settings } from '../harness/contender.ts'
import { work } from './actors.ts'
import type { Aim, Entrant, Row } from './race.ts'

export interface Message {
  readonly message_type: string
  readonly message_value: number
  readonly processed?: boolean
}

/** pipeline_lib 0.5.0, seconds: sequential, buffered, parallel. facts/seeds.md §5.3 and §7. The best of each counts. */
export const pipelineLib = {
  small: {
    published: { threads: [0.849, 0.871, 1.217], processes: [1.824, 1.504, 1.932] },
    measured: { threads: [1.746, 1.863, 1.439], processes: [1.508, 1.543, 2.373] },
  },
  large: {
    published: { threads: [0.72, 0.695, 0.708], processes: [5.804, 4.634, 5.67] },
    measured: { threads: [1.23, 0.9, 1.26], processes: [8.5, 6.43, 13.1] },
  },
}

export const count = ({ items }: Settings): number => items ?? 50_000
const type = 'm'.repeat(100)

function* source(count: number): Generator<Message> {
  for (let made = 0; made < count; made++) yield { message_type: type, message_value: made }
}

type Placement = 'threads' | 'processes'
type Part = 'whole' | 'moving'

export function messages(on: Placement, count: number): Row {
  const { published, measured } = pipelineLib.small
  const name = (part: Part) => (part === 'whole' ? `from run() to the end` : 'from the first result to the last')
  const against = (part: Part, said: string, seconds: readonly number[], isAim: boolean): Aim => ({
    says: `${name(part)}, against pipeline_lib ${said} (${Math.min(...seconds)} s)`,
    ratio: of => (Math.min(...seconds) * 1e3) / of(name(part)),
    ...(isAim && { least: 30 }),
  })
  return {
    name: `messages-${on}`,
    title: `${count.toLocaleString('en')} messages of 100 bytes, source, stage on ${on}, sink`,
    unit: 'ms/run',
    entrants: [flown(name('whole'), 'whole', on, count), flown(name('moving'), 'moving', on, count)],
    aims: [
      against('whole', 'measured on this kind of machine', measured[on], true),
      against('whole', 'as published, on a desktop', published[on], false),
      against('moving', 'measured on this kind of machine', measured[on], false),
    ],
    remarks: ['pipeline_lib was not measured by this run; its workers are started within its seconds, too'],
  }
}

function flown(name: string, part: Part, on: Placement, count: number): Entrant {
  return {
    name,
    figure: async () => {
      let seen = 0
      let wrong = -1
      let firstAt = 0
      let lastAt = 0
      const started = performance.now()
      const run = pipeline('messages')
        .from(() => source(count))
        .stage('work', work, { on })
        .run()
      run.output.subscribe(({ message_type, message_value, processed }) => {
        if (seen === 0) firstAt = performance.now()
        if (message_value !== seen + 1 || !processed || message_type.length !== 100) wrong = seen
        if (++seen === count) lastAt = performance.now()
      })
      await run.done
      const endedAt = part === 'whole' ? performance.now() : lastAt
      if (wrong >= 0 || seen !== count) throw new Error(`${seen} of ${count} results, wrong: ${wrong}`)
      return endedAt - (part === 'whole' ? started : firstAt)
    },
  }
}
