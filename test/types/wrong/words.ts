/** The other words: `from`, `map`, `filter`, `pipe`, `supervise`, `run`, and what a run can do. */
import { pipeline } from 'millrace'
import { map } from 'rxjs'

const numbers = pipeline('numbers').from([1, 2])

// error: Argument of type 'number' is not assignable to parameter of type 'Source<unknown>'.
pipeline('p').from(3)
// error: Argument of type 'string' is not assignable to parameter of type 'Source<string>'.
pipeline('p').from('text')
// error: Object literal may only specify known properties, but 'overfow' does not exist in type 'SourceOptions'. Did you mean to write 'overflow'?
pipeline('p').from([1], { overfow: 'wait' })

numbers
  .map(n => n + 1)
  // error: Argument of type '(x: string) => number' is not assignable to parameter of type '(item: number) => number | Promise<number>'.
  // error: Types of parameters 'x' and 'item' are incompatible.
  // error: Type 'number' is not assignable to type 'string'.
  .map((x: string) => x.length)
numbers
  .filter(n => n > 1)
  // error: with '(x: string) => boolean', (item: number) => boolean, Type 'number' is not assignable to type 'string'.
  .filter((x: string) => x.length > 2)
numbers
  // error: Type 'number' is not assignable to type 'boolean'.
  .filter(n => n)
numbers
  // error: Type 'Promise<boolean>' is not assignable to type 'boolean'.
  .filter(async n => n > 1)
numbers
  // error: Argument of type 'string' is not assignable to parameter of type '(item: number) => unknown'.
  .map('length')
numbers
  // error: Expected 1 arguments, but got 2.
  .map(n => n, { concurrency: 3 })
numbers
  // error: with Target signature provides too few arguments. Expected 2 or more, but got 1.
  .map((n: number, place: number) => n + place)

numbers.pipe(
  map(n => n + 1),
  // error: Argument of type 'OperatorFunction<string, number>' is not assignable to parameter of type 'OperatorFunction<number, number>'.
  map((x: string) => x.length),
  map(n => n + 1),
)
numbers
  .map(String)
  // error: Argument of type 'OperatorFunction<number, number>' is not assignable to parameter of type 'OperatorFunction<string, number>'.
  .pipe(map((x: number) => x))

numbers
  // error: Object literal may only specify known properties, but 'maxRestart' does not exist in type 'Supervision'. Did you mean to write 'maxRestarts'?
  .supervise({ maxRestart: 3 })
numbers
  // error: with '"all-for-one"', "one-for-all"
  .supervise({ strategy: 'all-for-one' })
numbers
  // error: Object literal may only specify known properties, but 'inflight' does not exist in type 'RunOptions'. Did you mean to write 'inFlight'?
  .run({ inflight: 3 })

export async function runs() {
  // error: Argument of type '(x: string) => undefined' is not assignable to parameter of type '(item: number) => void | Promise<void>'.
  // error: Types of parameters 'x' and 'item' are incompatible.
  // error: Type 'number' is not assignable to type 'string'.
  await numbers.run().consume((x: string) => void x)
  const open = pipeline<string>('open').run()
  // error: Argument of type 'number' is not assignable to parameter of type 'string'.
  await open.send(3)
  // error: Argument of type 'number' is not assignable to parameter of type 'string'.
  await open.ask(3)
  // error: Argument of type '3' is not assignable to parameter of type 'never'.
  await numbers.run().send(3)
}
