/**
 * State by key: sixteen threads share the accounts, and each account still gets its payments one by one, in order.
 *
 *     npm run build && node dist/examples/03-shards.js
 *
 * prints
 *
 *     NL01 500
 *     NL02 90
 *     NL01 380
 */
import { defineActor, pipeline } from 'millrace'
import { Subject } from 'rxjs'

interface Payment {
  account: string
  cents: number
}

const ledger = defineActor('ledger', import.meta, {
  start: () => ({ balance: 0 }), // one for each account
  receive({ account, cents }: Payment, state) {
    state.balance += cents
    return { account, balance: state.balance }
  },
})

const payments = new Subject<Payment>()

const run = pipeline('bank').from(payments).stage('post', ledger, { workers: 16, key: 'account', on: 'threads' }).run()

run.output.subscribe(({ account, balance }) => console.log(account, balance))
payments.next({ account: 'NL01', cents: 500 })
payments.next({ account: 'NL02', cents: 90 })
payments.next({ account: 'NL01', cents: -120 }) // same account: same state, in order
payments.complete()
await run.done
