import { isolation } from './isolation.contract.ts'
import { rowContract } from './row.contract.ts'
import { contract } from './runtime.contract.ts'

contract('threads')
isolation('threads')
rowContract('threads')
