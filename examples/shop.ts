/** A shop for the examples: ten orders, one of them too dear, and a bank that once does not answer. */
import { setTimeout } from 'node:timers/promises'

export interface Order {
  id: string
  cents: number
}

export interface Receipt {
  order: string
  at: Date
}

export class CardDeclined extends Error {
  override readonly name = 'CardDeclined'
}

export const orders: AsyncIterable<Order> = {
  async *[Symbol.asyncIterator]() {
    for (let number = 1; number <= 10; number++) {
      yield { id: `A${number}`, cents: number === 7 ? 700_000 : number * 100 }
    }
  },
}

const unanswered = new Set(['A4'])

export async function charge(order: Order): Promise<Receipt> {
  await setTimeout(5) // the way to the bank and back
  if (unanswered.delete(order.id)) throw new Error('the bank does not answer')
  if (order.cents > 500_000) throw new CardDeclined('not covered')
  return { order: order.id, at: new Date() }
}
