/** A worker that does nothing but say that it is there. */
import { parentPort } from 'node:worker_threads'

if (parentPort) parentPort.postMessage(0)
else process.stdout.write('0')
