const child = require('child_process')
exports.first = function (command) { child.exec(command) }
exports.second = function () { child.exec('call second') }
exports.third = function (command) { child.exec(command) }
exports.nested = { fourth: function () { child.exec('call fourth') } }
