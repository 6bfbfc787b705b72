/**
 * RxJS operators, as a feed: a Subject in front of them. What they emit while they are given an item belongs to it; what
 * they emit later, between items or after the last, goes out as it comes.
 */
import { isObservable, type Observable, type OperatorFunction, Subject } from 'rxjs'
import type { OpenFeed } from '../actor/feed.ts'
import { InvalidOperator } from '../errors.ts'

export function operatorsFeed(operators: readonly OperatorFunction<any, any>[]): OpenFeed {
  return port => {
    const subject = new Subject<unknown>()
    let isOver = false
    const subscription = operators.reduce<Observable<unknown>>(piped, subject).subscribe({
      next: value => port.emit(value),
      error: error => {
        isOver = true
        port.failed(error)
      },
      complete: () => {
        isOver = true
        port.ended()
      },
    })
    return {
      push(item) {
        port.took()
        subject.next(item)
        if (!isOver) port.taken()
      },
      end: () => subject.complete(),
      cancel: () => subscription.unsubscribe(),
    }
  }
}

function piped(observable: Observable<unknown>, operator: OperatorFunction<any, any>): Observable<unknown> {
  const result: unknown = observable.pipe(operator)
  if (isObservable(result)) return result
  throw new InvalidOperator(result)
}
