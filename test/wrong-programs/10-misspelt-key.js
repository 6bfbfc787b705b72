// Sees:    StageFailed: bank/post failed on item 0 (attempt 1): InvalidKey: `key`, here `"acount"`, must give a string or a number for each item, got undefined (undefined): did you mean `account`?
// Mistake: here `"acount"`
// Fix:     did you mean `account`?

import { pipeline } from 'millrace'

const payments = [
  { account: 'NL01', cents: 500 },
  { account: 'NL02', cents: 90 },
]
const balances = pipeline('bank')
  .from(payments)
  .stage(
    'post',
    {
      start: () => ({ balance: 0 }),
      receive: ({ account, cents }, state) => `${account} ${(state.balance += cents)}`,
    },
    { workers: 4, key: 'acount' },
  )

for await (const balance of balances.run()) console.log(balance)
