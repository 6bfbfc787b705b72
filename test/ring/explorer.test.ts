/** The protocol, in every order of its steps where that is possible, and in many orders where it is not. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Bell } from '../../src/ring/bell.ts'
import { Seat } from '../../src/ring/seat.ts'
import { Table } from '../../src/ring/table.ts'
import * as view from '../../src/ring/view.ts'
import { type Case, cases, walks, whole } from './cases.ts'
import { explore, Violation, wander } from './explorer.ts'
import { mutants, mutated } from './mutants.ts'
import { type Ring, scenario } from './scenarios.ts'

const ring: Ring = { Bell, Seat, Table, view }
const rings = suite('rings, step by step')

for (const name of Object.keys(whole) as (keyof typeof whole)[]) {
  rings(
    `${name}: in every order of steps, every item comes once and in order, and every state has a way to the end`,
    () => {
      const { states, ends } = explore(() => scenario(ring, whole[name]))
      assert.ok(states > 1_000 && ends > 0, `${states} states, ${ends} ends`)
    },
  )
}

for (const name of Object.keys(walks) as (keyof typeof walks)[]) {
  rings(`${name}: in random orders of steps, every item comes once and in order, and all come to the end`, () => {
    assert.ok(wander(() => scenario(ring, walks[name]), { walks: 30, seed: 7 }) > 1_000)
  })
}

for (const mutant of mutants) {
  rings(`a ring that ${mutant.name} is found out`, async () => {
    const wrong = await mutated(mutant)
    assert.throws(
      () => fails(wrong, mutant.fails),
      (error: unknown) => error instanceof Violation,
    )
  })
}

rings.run()

function fails(wrong: Ring, name: Case): void {
  if (Object.hasOwn(whole, name)) explore(() => scenario(wrong, cases[name]))
  else wander(() => scenario(wrong, cases[name]), { walks: 3_000, seed: 1 })
}
