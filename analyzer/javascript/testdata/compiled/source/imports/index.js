import child, { exec, spawn as start } from 'child_process'
import * as all from 'child_process'
exec('load named')
child.exec('load default')
all.exec('load namespace')
export function byDefault() { child.exec('call default') }
export function byName() { exec('call named') }
export const byAlias = () => start('call alias')
export const byNamespace = () => all.spawn('call namespace')
