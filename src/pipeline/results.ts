/**
 * An Observable whose direct subscribers belong to the run.
 *
 * RxJS reports what a subscriber's `next` throws elsewhere, and goes on; and it makes an error that a subscriber has no
 * handler for an uncaught exception. Here the first fails the run, and the second is left to `done`. That holds for what
 * is piped from it too, as far as RxJS operators `lift` it.
 */
import { Observable, type Observer, type Operator, Subscriber, Subscription } from 'rxjs'

/** Who is behind it: attaches an observer, and gives back how to detach it. */
export interface ResultsHost<T> {
  /** What the listener's `next` throws is the host's to catch: it says better where that was than anybody else. */
  attach(listener: Listener<T>): () => void
  /** A subscriber behind operators has thrown, or one that was told of the end. */
  subscriberThrew(error: unknown): void
  /** A subscriber has a handler for errors, so that one it is given counts as heard. */
  errorHeard(): void
}

export interface Listener<T> {
  next(value: T): void
  error(error: unknown): void
  complete(): void
}

/** An error on its way through operators; it is left to `done` if it comes out at a subscriber without a handler. */
let passing: { isLeft: boolean } | undefined

export class Results<T> extends Observable<T> {
  readonly #host: ResultsHost<any>

  constructor(host: ResultsHost<any>) {
    super(subscriber =>
      host.attach({
        next: value => subscriber.next(value),
        error: error => pass(error, subscriber, host),
        complete: () => subscriber.complete(),
      }),
    )
    this.#host = host
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Results<R>(this.#host)
    lifted.source = this
    lifted.operator = operator as Operator<any, R>
    return lifted
  }

  override subscribe(
    observerOrNext?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: any) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    if (observerOrNext instanceof Subscriber) return super.subscribe(observerOrNext)
    const next = typeof observerOrNext === 'function' ? observerOrNext : undefined
    const observer: Partial<Observer<T>> =
      typeof observerOrNext === 'function' || !observerOrNext
        ? {
            ...(observerOrNext && { next: observerOrNext }),
            ...(error && { error }),
            ...(complete && { complete }),
          }
        : observerOrNext
    return this.operator ? this.#throughRxjs(observer) : this.#direct(observer, next)
  }

  #direct(observer: Partial<Observer<T>>, next: ((value: T) => void) | undefined): Subscription {
    const subscription = new Subscription()
    const detach = this.#host.attach({
      // A function that was given by itself is called as it is: V8 does not look into bound ones.
      next: next ?? observer.next?.bind(observer) ?? (() => {}),
      error: error => {
        if (observer.error) this.#host.errorHeard()
        this.#guarded(observer.error?.bind(observer))(error)
        subscription.unsubscribe()
      },
      complete: () => {
        this.#guarded<void>(observer.complete?.bind(observer))()
        subscription.unsubscribe()
      },
    })
    subscription.add(detach)
    return subscription
  }

  #throughRxjs(observer: Partial<Observer<T>>): Subscription {
    return super.subscribe({
      next: this.#guarded(observer.next?.bind(observer)),
      error: observer.error ? this.#guarded(observer.error.bind(observer)) : leave,
      complete: this.#guarded<void>(observer.complete?.bind(observer)),
    })
  }

  #guarded<A>(call: ((argument: A) => void) | undefined): (argument: A) => void {
    const host = this.#host
    if (!call) return () => {}
    return argument => {
      try {
        call(argument)
      } catch (error) {
        host.subscriberThrew(error)
      }
    }
  }
}

/** Gives an error to operators. Whoever takes it from them has heard it; who has no handler leaves it to `done`. */
function pass(error: unknown, subscriber: Subscriber<unknown>, host: ResultsHost<unknown>): void {
  const before = passing
  const mine = { isLeft: false }
  passing = mine
  subscriber.error(error)
  passing = before
  if (!mine.isLeft) host.errorHeard()
}

/** No handler: in the same turn `done` still has to tell. Later it is too late for that, and RxJS' way is left. */
function leave(error: unknown): void {
  if (passing) passing.isLeft = true
  else reportUncaught(error)
}

/** What nobody can be told of any more, as RxJS does it. */
export function reportUncaught(error: unknown): void {
  setTimeout(() => {
    throw error
  })
}
