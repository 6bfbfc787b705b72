import { isolation } from './isolation.contract.ts'
import { contract } from './runtime.contract.ts'

contract('threads')
isolation('threads')
