/**
 * The first run in a fresh process, nothing compiled, nothing warm: prints its milliseconds. Imports are not counted.
 * Arguments: the name of a contender, the number of messages.
 */
import { answerOf, fault } from '../harness/proof.ts'
import { contenders, model, results } from './messages.ts'

const [name, items] = process.argv.slice(2)
const contender = contenders.find(each => each.name === name)
const count = Number(items)
if (!contender || !Number.isSafeInteger(count)) throw new Error(`no contender "${name}" for ${items} messages`)

results.start(false)
const started = performance.now()
await contender.run(count, results.add)
const millis = performance.now() - started

const wrong = fault(results, answerOf(model(count)), true)
if (wrong) throw new Error(`messages-cold: contender "${name}" gave a wrong answer: ${wrong}`)
console.log(millis)
