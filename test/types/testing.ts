/** What `millrace/testing` infers, and what must not compile there. Nothing here ever runs: `tsc -p .` is the test. */
import { type Actor, type DeadLetter, defineActor, pipeline, type StageFailed } from 'millrace'
import {
  type ActorFailure,
  expectModel,
  type Faulty,
  faulty,
  manualClock,
  runActor,
  unlessDied,
} from 'millrace/testing'
import { of } from 'rxjs'
import { type Equal, expect } from './expect.ts'

interface Order {
  readonly id: string
  readonly cents: number
}
const orders: Order[] = []

const charge = defineActor('charge', async ({ id }: Order) => ({ receipt: id }))
const total = defineActor('total', {
  start: () => ({ sum: 0 }),
  receive: ({ cents }: Order, state) => void (state.sum += cents),
  flush: ({ sum }) => sum,
})
const times = defineActor('times', {
  setup: (by: number) => ({ by }),
  receive: (n: number, _state, { resources }) => n * resources.by,
})

/* ── runActor ────────────────────────────────────────────────────────────── */

export async function running() {
  const charged = await runActor(charge, orders, { key: 'id', workers: 2, clock: manualClock() })
  expect<Equal<typeof charged.emitted, { receipt: string }[]>>()
  expect<Equal<typeof charged.deadLetters, DeadLetter<Order>[]>>()
  expect<Equal<typeof charged.failure, ActorFailure | undefined>>()
  expect<Equal<(typeof charged.failure & {})['sequence'], number | undefined>>()
  if (charged.failure?.code === 'ERR_STAGE_FAILED') charged.failure satisfies Partial<StageFailed>

  const summed = await runActor(total, orders)
  expect<Equal<typeof summed.emitted, number[]>>()
  expect<Equal<typeof summed.state, unknown>>() // an actor does not show its state

  const shown = await runActor({ start: () => ({ sum: 0 }), receive: (n: number, state) => state.sum + n }, [1])
  expect<Equal<typeof shown.emitted, number[]>>()
  expect<Equal<typeof shown.state, { sum: number } | undefined>>()
  expect<Equal<typeof shown.states, ReadonlyMap<string | number, { sum: number }>>>()

  const handled = await runActor((n: number) => of(`${n}`), new Set([1]))
  expect<Equal<typeof handled.emitted, string[]>>()
  expect<Equal<Awaited<ReturnType<typeof few>>['emitted'], string[]>>()
  const nested = await runActor(
    pipeline<number>('p').map(n => `${n}`),
    [1],
  )
  expect<Equal<typeof nested.emitted, string[]>>()
  await runActor(times.with(3), [1])
  await runActor(charge, orders, { onFailure: ({ item }) => (item.cents > 0 ? 'skip' : 'stop') })

  // @ts-expect-error an actor without its argument
  await runActor(times, [1])
  // @ts-expect-error charge takes orders
  await runActor(charge, ['a'])
  // @ts-expect-error an order has no such property
  await runActor(charge, orders, { key: 'account' })
  // @ts-expect-error there is no such option
  await runActor(charge, orders, { worker: 2 })
  // @ts-expect-error its input is connected
  await runActor(pipeline('p').from([1]), [1])
}
function few() {
  return runActor(
    function* (n: number) {
      if (n > 1) yield `${n}`
    },
    [1, 2],
  )
}

/* ── faulty ──────────────────────────────────────────────────────────────── */

export function breaking() {
  const flaky = faulty(charge, { fails: { at: [1, 2], error: new RangeError('busy') }, hangs: 3, dies: [4, { at: 5 }] })
  expect<Equal<typeof flaky, Faulty<Order, { receipt: string }>>>()
  flaky satisfies Actor<Order, { receipt: string }, undefined>
  const handler = faulty((n: number) => `${n}`, { fails: { when: n => n > 3, after: true } })
  expect<Equal<typeof handler, Faulty<number, string>>>()
  const argued = faulty(times, { fails: { setup: 2 } })
  expect<Equal<ReturnType<typeof argued.with>, Faulty<number, number>>>()
  expect<Equal<typeof argued.counts.failed, number>>()
  const made = pipeline('p')
    .from(orders)
    .stage('charge', flaky, { onFailure: unlessDied('skip') })
  const policy = unlessDied<Order>(({ item }) => (item.cents > 0 ? 'skip' : 'stop'))
  pipeline('p').from(orders).stage('charge', flaky, { onFailure: policy })
  made.run().output.subscribe(({ receipt }) => receipt satisfies string)
  flaky.faults[0]?.item satisfies Order | undefined

  // @ts-expect-error there is no such cue
  faulty(charge, { explodes: 3 })
  // @ts-expect-error nothing fails deaf
  faulty(charge, { fails: { at: 3, deaf: true } })
  // @ts-expect-error orders are no numbers
  faulty(charge, { fails: { when: n => n > 3 } })
  // @ts-expect-error a faulty actor stays in this event loop
  pipeline('p').from(orders).stage('charge', flaky, { on: 'threads' })
  // @ts-expect-error it still wants its argument
  pipeline('p').from([1]).stage('times', argued)
  // @ts-expect-error there is no such fault
  void flaky.happened('exploded')
}

/* ── manualClock, expectModel ────────────────────────────────────────────── */

export async function holding() {
  const clock = manualClock()
  const run = pipeline('p').from([1]).run({ clock })
  expect<Equal<typeof run.done, Promise<Awaited<ReturnType<typeof clock.until<Awaited<typeof run.done>>>>>>>()
  const open = pipeline<Order>('p').stage('charge', charge)
  const results = await expectModel(open, orders)
  expect<Equal<typeof results, { receipt: string }[]>>()
  await expectModel(open, () => orders, { clock, deadline: 100 })
  const connected = await expectModel(
    pipeline('p')
      .from([1])
      .map(n => `${n}`),
    [2],
  )
  expect<Equal<typeof connected, string[]>>()

  // @ts-expect-error it takes orders
  await expectModel(open, [1])
  // @ts-expect-error an actor is no pipeline
  await expectModel(charge, orders)
  // @ts-expect-error there is no such option
  await expectModel(open, orders, { workers: 3 })
}
