/** How a stage is run: it is the option that is red, not the body. */
import { defineActor, pipeline } from 'millrace'

interface Payment {
  account: string
  cents: number
  at: Date
  note?: string
}
declare const source: Iterable<Payment>
const payments = pipeline('payments').from(source)
const numbers = pipeline('numbers').from([1, 2])
const hash = defineActor('hash', import.meta, (n: number) => n)

payments.stage('post', payment => payment.cents, {
  // error: Type '"acount"' is not assignable to type 'Key<Payment> | undefined'. Did you mean '"account"'?
  key: 'acount',
})
payments.stage('post', payment => payment.cents, {
  // error: Type '"at"' is not assignable to type 'Key<Payment> | undefined'.
  key: 'at',
})
payments.stage('post', payment => payment.cents, {
  // error: Type '"note"' is not assignable to type 'Key<Payment> | undefined'.
  key: 'note',
})
payments.stage('post', {
  // error: Type '"at"' is not assignable to type 'Key<Payment> | undefined'.
  key: 'at',
  receive: payment => payment.cents,
})
payments.stage('post', payment => payment.cents, {
  // error: with '(payment: Payment) => Payment', Type 'Payment' is not assignable to type 'string | number'.
  key: payment => payment,
})
payments.stage('post', payment => payment.cents, {
  // error: with '(cents: number) => number', Type 'Payment' is not assignable to type 'number'.
  key: (cents: number) => cents,
})
numbers.stage('double', n => n * 2, {
  // error: Type '"threads"' is not assignable to type '"inline"'.
  on: 'threads',
})
numbers.stage(
  'double',
  { receive: n => n * 2 },
  {
    // error: Type '"threads"' is not assignable to type '"inline"'.
    on: 'threads',
  },
)
numbers.stage('double', n => n * 2, {
  // error: Object literal may only specify known properties, and 'threads' does not exist in type '{ min: number; max: number; }'.
  workers: { threads: 2 },
})
numbers.stage('hash', hash, {
  // error: with '"thread"', '"threads"'
  on: 'thread',
})
numbers.stage('hash', hash, {
  // error: with 'worker' does not exist in type, TravelOptions<number>, 'workers'
  worker: 2,
})
numbers.stage('double', n => n * 2, {
  // error: Object literal may only specify known properties, but 'worker' does not exist in type 'HomeOptions<number>'. Did you mean to write 'workers'?
  worker: 2,
})
numbers.stage('double', n => n * 2, {
  // error: with '"ignore"'
  onFailure: 'ignore',
})
numbers.stage('double', n => n * 2, {
  // error: with '"last"'
  order: 'last',
})
numbers.stage('double', n => n * 2, {
  // error: Type 'string' is not assignable to type 'number'.
  timeout: '3 s',
})
