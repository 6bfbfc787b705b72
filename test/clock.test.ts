import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../src/clock.ts'
import { within } from './support/within.ts'

const clock = suite('systemClock')

clock('goes forward', async () => {
  const before = systemClock.now()
  await within(5_000, new Promise<void>(resolve => systemClock.setTimeout(resolve, 5)))
  // Timers count whole milliseconds, from the start of the turn of the event loop: up to one less is none too early.
  assert.ok(systemClock.now() - before >= 4, `${systemClock.now() - before} ms`)
})

clock('does not call what was cleared', async () => {
  let called = false
  systemClock.clearTimeout(
    systemClock.setTimeout(() => {
      called = true
    }, 1),
  )
  await within(5_000, new Promise<void>(resolve => systemClock.setTimeout(resolve, 5)))
  assert.not(called)
})

clock('takes a wait that is too long for a timer for the longest, not for none', async () => {
  const warned: Error[] = []
  const warn = (warning: Error) => warned.push(warning)
  process.on('warning', warn)
  let called = false
  const timers = [2 ** 31, 2 ** 40, Infinity].map(millis =>
    systemClock.setTimeout(() => {
      called = true
    }, millis),
  )
  try {
    await within(5_000, new Promise<void>(resolve => systemClock.setTimeout(resolve, 5)))
    assert.not(called)
    assert.equal(warned, [])
  } finally {
    for (const timer of timers) systemClock.clearTimeout(timer)
    process.off('warning', warn)
  }
})

clock.run()
