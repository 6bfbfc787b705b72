/**
 * When it fails: tried again, given up with a reason, or stopped, as the stage says.
 *
 *     npm run build && node dist/examples/05-supervision.js
 *
 * prints
 *
 *     paid A1
 *     paid A2
 *     paid A3
 *     paid A4
 *     paid A5
 *     paid A6
 *     charge { id: 'A7', cents: 700000 } CardDeclined: not covered
 *     paid A8
 *     paid A9
 *     paid A10
 *
 * A4 is paid at the second attempt. A7 is tried three times and becomes a dead letter.
 */
import { exponential, pipeline } from 'millrace'
import { CardDeclined, charge, orders } from './shop.ts'

const checkout = pipeline('checkout')
  .from(orders)
  .stage('charge', charge, {
    workers: 8,
    timeout: 5_000,
    retry: { attempts: 3, backoff: exponential({ from: 100, to: 2_000 }) },
    onFailure: ({ error }) => (error instanceof CardDeclined ? 'skip' : 'restart'),
  })
  .supervise({ strategy: 'one-for-one', maxRestarts: 5, within: 10_000, grace: 15_000 })

const run = checkout.run()
run.output.subscribe(receipt => console.log('paid', receipt.order)) // an error is left to `done`
run.deadLetters.subscribe(({ stage, item, error }) => console.warn(stage, item, String(error)))

process.once('SIGTERM', () => run.stop({ grace: 10_000 })) // finish what is in hand, then go
await run.done
