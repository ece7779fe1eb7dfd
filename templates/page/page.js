// What the pages do better with a script: times and numbers as the reader's
// locale has them, and buttons that copy. Without it everything is readable.
'use strict'
for (const time of document.querySelectorAll('time[datetime]')) {
  const at = new Date(time.dateTime)
  if (isNaN(at)) continue
  time.title = time.textContent
  time.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}
for (const data of document.querySelectorAll('data[value]')) {
  data.textContent = Number(data.value).toLocaleString()
}
for (const words of document.querySelectorAll('pre.copy')) {
  if (!navigator.clipboard) break
  const button = document.createElement('button')
  const said = document.createElement('span')
  button.type = 'button'
  button.textContent = 'Copy'
  said.setAttribute('role', 'status')
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(words.textContent)
      said.textContent = ' Copied.'
    } catch {
      said.textContent = ' The browser does not let this page copy: select the words.'
    }
  })
  words.after(button, said)
}
