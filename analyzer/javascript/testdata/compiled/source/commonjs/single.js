module.exports = function single(command) { require('child_process').exec(command) }
module.exports.other = function () { require('child_process').exec('call other') }
