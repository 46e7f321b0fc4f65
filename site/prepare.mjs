// Copies the pages of docs/ to src/, in which links that leave docs/ lead to the repository, and blocks with labels that
// follow each other are tabs. On GitHub the pages stay what they are.
import {cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join, posix} from 'node:path'
import {fileURLToPath} from 'node:url'

const site = dirname(fileURLToPath(import.meta.url))
const docs = join(site, '..', 'docs')
const src = join(site, 'src')
const repository = 'https://github.com/candor-go/candor/blob/main/'

// pages lists the Markdown below docs/, without the directories of code.
export function pages(below = '') {
  return readdirSync(join(docs, below), {withFileTypes: true}).flatMap(entry => {
    const path = posix.join(below, entry.name)
    if (entry.isDirectory()) return ['programs', 'snippets'].includes(entry.name) ? [] : pages(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

// tabs makes groups of blocks whose first lines have a label in brackets.
function tabs(text) {
  const labelled = /(?:^```\w+ \[[^\]]+\]\n[^]*?^```\n\n?){2,}/gm
  return text.replace(labelled, blocks => '::: code-group\n\n' + blocks.trimEnd() + '\n\n:::\n\n')
}

// inSite leads a link to where it is on the site, or in the repository.
function inSite(page, known, link) {
  if (/^(\w+:|#)/.test(link)) return link
  const [path, anchor = ''] = link.split(/(?=#)/)
  const target = posix.join('docs', posix.dirname(page), path)
  const below = posix.relative('docs', target)
  if (below.startsWith('images/')) return link
  if (!known.has(below)) return repository + target + anchor
  return path.replace(/README\.md$/, 'index.md') + anchor
}

// outsideOfCode applies a change to what is neither a block nor quoted.
function outsideOfCode(text, change) {
  return text.split(/(^```[^]*?^```$|`[^`\n]*`)/m).map((part, i) => (i % 2 ? part : change(part))).join('')
}

rmSync(src, {recursive: true, force: true})
const known = new Set(pages())
for (const page of known) {
  const text = readFileSync(join(docs, page), 'utf8')
  const target = join(src, page.replace(/README\.md$/, 'index.md'))
  const linked = text.replace(/\]\(([^)\s]+)\)/g, (_, link) => `](${inSite(page, known, link)})`)
  mkdirSync(dirname(target), {recursive: true})
  writeFileSync(target, tabs(outsideOfCode(linked, part => part.replaceAll('{{', '&#123;&#123;'))))
}
cpSync(join(docs, 'images'), join(src, 'images'), {recursive: true})
