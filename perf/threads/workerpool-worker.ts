/** The worker of workerpool: it knows its methods by registering them. */
import workerpool from 'workerpool'
import { buffers, flatRecords, numbers, records, strings } from './kinds.ts'

workerpool.worker({ numbers, buffers, strings, flatRecords, records })
