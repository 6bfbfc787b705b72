/**
 * The small row of pipeline_lib's own benchmark: a source makes messages of about 100 bytes, a stage marks each as
 * processed and adds one, a sink reads them all.
 */
import { pipeline } from '../../src/index.ts'
import type { Contender } from '../harness/contender.ts'
import { tally } from '../harness/tally.ts'

export interface Message {
  readonly message_type: string
  readonly message_value: number
  readonly processed?: boolean
}
type Sink = (message: Message) => void

export const results = tally((message: Message) => (message.processed ? message.message_value : 0))
export const model = (count: number): number[] => new Array(count).fill(123_457)

const type = 'm'.repeat(100)
const make = (): Message => ({ message_type: type, message_value: 123_456 })
const work = ({ message_type, message_value }: Message): Message => ({
  message_type,
  message_value: message_value + 1,
  processed: true,
})

function* source(count: number): Generator<Message> {
  for (let made = 0; made < count; made++) yield make()
}
function* worked(messages: Iterable<Message>): Generator<Message> {
  for (const message of messages) yield work(message)
}
async function* asyncSource(count: number): AsyncGenerator<Message> {
  for (let made = 0; made < count; made++) yield make()
}
async function* asyncWorked(messages: AsyncIterable<Message>): AsyncGenerator<Message> {
  for await (const message of messages) yield work(message)
}

const blueprint = (count: number) =>
  pipeline('messages')
    .from(() => source(count))
    .stage('work', work)

/** In all of them but the first, source, stage and sink are parts that know nothing of each other. */
export const contenders: readonly Contender<number, Message>[] = [
  {
    name: 'one loop',
    run(count, sink) {
      for (let made = 0; made < count; made++) sink(work(make()))
    },
  },
  {
    name: 'generators',
    run(count, sink) {
      for (const message of worked(source(count))) sink(message)
    },
  },
  {
    name: 'async generators',
    async run(count, sink) {
      for await (const message of asyncWorked(asyncSource(count))) sink(message)
    },
  },
  {
    name: 'millrace, output.subscribe',
    async run(count: number, sink: Sink) {
      const run = blueprint(count).run()
      run.output.subscribe(sink)
      await run.done
    },
  },
  { name: 'millrace, consume', run: (count, sink) => blueprint(count).run().consume(sink) },
  {
    name: 'millrace, for await',
    async run(count, sink) {
      for await (const message of blueprint(count).run()) sink(message)
    },
  },
]
