import { filter, map, mergeMap, of, tap } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { StageFailed } from '../../src/errors.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { failureOf } from '../support/failure.ts'
import { program } from '../support/program.ts'
import { all, upTo } from '../support/take.ts'
import { turns } from '../support/turns.ts'
import { within } from '../support/within.ts'

const throwing = suite('a subscriber that throws')

const boom = (n: number) => {
  if (n === 3) throw new RangeError('boom')
}

throwing('fails the run, which says at which result, and is given no more', async () => {
  const run = pipeline('p').from(upTo(10)).run()
  const seen: number[] = []
  run.output.subscribe(n => {
    seen.push(n)
    boom(n)
  })
  const error = await failureOf(run.done)
  assert.instance(error, StageFailed)
  assert.instance(error.cause, RangeError)
  assert.equal([error.pipeline, error.stage, error.sequence], ['p', 'output', 3])
  assert.is(error.message, 'p/output failed on item 3 (attempt 1): RangeError: boom')
  assert.equal(seen, [0, 1, 2, 3])
})

throwing('hears of it, where it has a handler', async () => {
  const run = pipeline('p').from(upTo(10)).run()
  let error: any
  run.output.subscribe({ next: boom, error: reason => (error = reason) })
  await failureOf(run.done)
  assert.is(error.cause.message, 'boom')
})

throwing('fails the run behind operators as well', async () => {
  const piped = [
    (run: any) => run.output.pipe(map((n: number) => n)),
    (run: any) =>
      run.output.pipe(
        map((n: number) => n),
        filter(() => true),
        tap(() => {}),
      ),
    (run: any) => run.output.pipe(mergeMap((n: number) => of(n))),
  ]
  for (const pipe of piped) {
    const run = pipeline('p').from(upTo(10)).run()
    const seen: number[] = []
    pipe(run).subscribe((n: number) => {
      seen.push(n)
      boom(n)
    })
    const error = await failureOf(run.done)
    assert.is(error.stage, 'output')
    assert.is(error.cause.message, 'boom')
    assert.equal(seen, [0, 1, 2, 3])
  }
})

throwing('fails the run from an operator that throws, too: its error comes out at the end', async () => {
  const run = pipeline('p').from(upTo(10)).run()
  let error: any
  run.output.pipe(tap(boom)).subscribe({ error: reason => (error = reason) })
  await turns()
  assert.is(error.message, 'boom')
  await within(1_000, run.stop())
})

throwing('fails the run from a consumer, sync or async, and is called no more', async () => {
  for (const concurrency of [1, 3]) {
    for (const consumer of [boom, async (n: number) => boom(n)]) {
      const run = pipeline('p').from(upTo(2000)).run()
      const seen: number[] = []
      const consumed = run.consume(
        n => {
          seen.push(n)
          return consumer(n)
        },
        { concurrency },
      )
      const error = await failureOf(consumed)
      assert.is(error, await failureOf(run.done))
      assert.equal([error.stage, error.sequence, error.cause.message], ['output', 3, 'boom'])
      assert.ok(seen.length <= 3 + concurrency, `it was called with ${seen}`)
    }
  }
})

throwing('leaves the others what was on its way to them, and then the error', async () => {
  const run = pipeline('p').from([1, 2, 3, 4]).run()
  const heard: unknown[] = []
  run.output.subscribe(boom)
  run.output.subscribe({ next: n => heard.push(n), error: error => heard.push(error.cause.message) })
  await failureOf(run.done)
  assert.equal(heard, [1, 2, 3, 4, 'boom'])
})

throwing('of several, the first counts, and the others are suppressed', async () => {
  const run = pipeline('p').from([1, 2, 3, 4]).run()
  run.output.subscribe(boom)
  run.output.subscribe(n => {
    if (n === 4) throw new Error('four')
  })
  const error = await failureOf(run.done)
  assert.is(error.cause.message, 'boom')
  assert.equal(
    error.suppressed.map((each: Error) => each.message),
    ['four'],
  )
})

throwing('to events, dead letters or a channel fails the run as well, and says where', async () => {
  const failing = pipeline('p')
    .from(upTo(5))
    .stage(
      's',
      (n: number) => {
        if (n === 2) throw new Error('two')
        return n
      },
      { onFailure: 'skip' },
    )
  const throws = () => {
    throw new RangeError('boom')
  }
  const places = {
    events: (run: any) => run.events.subscribe(throws),
    deadLetters: (run: any) => run.deadLetters.subscribe(throws),
    'channel(s)': (run: any) => run.channel('s').subscribe(throws),
  }
  for (const [place, subscribe] of Object.entries(places)) {
    const run = failing.run()
    subscribe(run)
    run.output.subscribe()
    const error = await failureOf(run.done)
    assert.is(error.message, `p/${place} failed: RangeError: boom`)
  }
})

throwing.run()

const hearing = suite('an error')

const broken = () =>
  pipeline('p')
    .from([1, 2, 3])
    .map(n => {
      if (n === 2) throw new Error('two')
      return n
    })

hearing('is told to the loop, the subscriber, the consumer and `done` alike', async () => {
  const run = broken().run()
  const heard: any[] = []
  run.output.subscribe({ error: error => heard.push(error) })
  heard.push(
    await failureOf(Promise.resolve(all(run))),
    await failureOf(run.consume(() => {})),
    await failureOf(run.done),
  )
  assert.is(new Set(heard).size, 1)
  assert.is(heard.length, 4)
  assert.is(heard[0].cause.message, 'two')
})

hearing('comes after the results that came before it', async () => {
  const run = broken().run()
  const loop = run[Symbol.asyncIterator]()
  assert.equal(await within(1_000, loop.next()), { done: false, value: 1 })
  assert.is((await failureOf(loop.next())).cause.message, 'two')
  assert.equal(await loop.next(), { done: true, value: undefined })
})

hearing('is told to one who subscribes after the end', async () => {
  const run = broken().run()
  await failureOf(run.done)
  const heard: unknown[] = []
  run.output.subscribe({ next: n => heard.push(n), error: error => heard.push(error.cause.message) })
  assert.equal(heard, [1, 'two'])
})

/** Each a program that hears the error in some way, or not: what the process is told beside it. */
const ways: Record<string, { code: string; rejections: number; exceptions?: number }> = {
  'nowhere: exactly one unhandled rejection': { code: '', rejections: 1 },
  'by a subscriber without a handler: it is left to `done`, and is no uncaught exception': {
    code: 'run.output.subscribe(() => {})',
    rejections: 1,
  },
  'by a subscriber behind an operator, without a handler': {
    code: 'run.output.pipe(map(n => n)).subscribe(() => {})',
    rejections: 1,
  },
  'by a subscriber with a handler': { code: 'run.output.subscribe({ error() {} })', rejections: 0 },
  'by a subscriber behind an operator, with a handler': {
    code: 'run.output.pipe(map(n => n)).subscribe({ error() {} })',
    rejections: 0,
  },
  'by an operator that catches it': {
    code: 'run.output.pipe(catchError(() => EMPTY)).subscribe(() => {})',
    rejections: 0,
  },
  'through another Observable': { code: 'merge(run.output, of(1)).subscribe({ error() {} })', rejections: 0 },
  'through another Observable without a handler: RxJS reports it': {
    code: 'merge(run.output, of(1)).subscribe(() => {})',
    rejections: 0,
    exceptions: 1,
  },
  'later, behind an operator, without a handler': {
    code: 'run.output.pipe(observeOn(asyncScheduler)).subscribe(() => {})',
    rejections: 0,
    exceptions: 1,
  },
  'by `firstValueFrom`': {
    code: 'firstValueFrom(run.output.pipe(filter(() => false))).catch(() => {})',
    rejections: 0,
  },
  'by `firstValueFrom`, with nothing in between': {
    code: 'firstValueFrom(run.output).catch(() => {})',
    rejections: 0,
  },
  'by a loop': { code: 'try { for await (const _ of run); } catch {}', rejections: 0 },
  'by a consumer': { code: 'run.consume(() => {}).catch(() => {})', rejections: 0 },
  'by a consumer that nobody awaits: one, its own': { code: 'run.consume(() => {})', rejections: 1 },
  'by `done`': { code: 'run.done.catch(() => {})', rejections: 0 },
  'by `done`, a turn later': {
    code: 'run.output.subscribe({ error() {} }); await turn(); run.done.catch(() => {})',
    rejections: 0,
  },
  'by `stop()`': { code: 'run.stop().catch(() => {})', rejections: 0 },
  'by a subscriber, with events and dead letters watched as well': {
    code: 'run.events.subscribe(); run.deadLetters.subscribe(); run.output.subscribe({ error() {} })',
    rejections: 0,
  },
  'by those who watch events and dead letters alone: that is nowhere': {
    code: 'run.events.subscribe({ error() {} }); run.deadLetters.subscribe({ error() {} }); run.output.subscribe()',
    rejections: 1,
  },
}

for (const [way, { code, rejections, exceptions = 0 }] of Object.entries(ways)) {
  hearing(`is heard ${way}`, async () => {
    const text = `
      import { asyncScheduler, catchError, EMPTY, filter, firstValueFrom, map, merge, observeOn, of } from 'rxjs'
      const run = pipeline('p').from([1, 2, 3]).map(n => { throw new Error('no ' + n) }).run()
      ${code}
      for (let i = 0; i < 20; i++) await turn()
    `
    const ended = await program(text)
    assert.is(ended.stderr, '')
    assert.equal(JSON.parse(ended.stdout), { rejections, exceptions })
  })
}

hearing('of a grace period exceeded after `break` is not heard by the loop, so it is left to `done`', async () => {
  const ended = await program(`
    const run = pipeline('p').from([1, 2, 3])
      .stage('s', n => n < 3 ? n : new Promise(() => {}))
      .supervise({ grace: 20 }).run()
    for await (const n of run) if (n === 2) { await turn(); break }
    await turn()
  `)
  assert.equal(JSON.parse(ended.stdout), { rejections: 1, exceptions: 0 })
})

hearing('of a subscriber after the end is reported as RxJS does it', async () => {
  const ended = await program(`
    const run = pipeline('p').from([1, 2, 3]).run()
    await turn()
    await run.stop()
    run.output.subscribe(() => { throw new Error('late') })
    await new Promise(resolve => setTimeout(resolve, 5))
  `)
  assert.equal(JSON.parse(ended.stdout), { rejections: 0, exceptions: 1 })
})

hearing('of a consumer after the end rejects what it awaits', async () => {
  const run = pipeline('p').from([1, 2, 3]).run()
  await turns()
  await within(1_000, run.stop())
  const consumed = run.consume(n => {
    if (n === 2) throw new Error('late')
  })
  assert.is((await failureOf(consumed)).message, 'late')
})

hearing('in one who hears of the end does not change it', async () => {
  const ended = await program(`
    const run = pipeline('p').from([1]).run()
    run.output.subscribe({ complete() { throw new Error('late') } })
    console.error(String((await run.done).emitted))
    await new Promise(resolve => setTimeout(resolve, 5))
  `)
  assert.equal([ended.stderr, JSON.parse(ended.stdout)], ['1\n', { rejections: 0, exceptions: 1 }])
})

hearing.run()
