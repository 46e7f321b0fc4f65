import {readFileSync} from 'node:fs'
import {defineConfig} from 'vitepress'

// The sidebar is the list of pages in docs/README.md: a heading is a group.
function sidebar() {
  const groups = [{text: 'Start', items: [
    {text: 'Overview', link: '/'}, {text: 'First steps', link: '/first-steps'}, {text: 'Tutorial', link: '/tutorial/'},
    {text: 'Why Candor', link: '/why'},
  ]}]
  for (const line of readFileSync(new URL('../../docs/README.md', import.meta.url), 'utf8').split('\n')) {
    const heading = line.match(/^## (.*)/)
    if (heading) groups.push({text: heading[1], collapsed: false, items: []})
    if (!line.startsWith('- ') && !line.startsWith('  ')) continue
    for (const [, text, link] of line.matchAll(/\[([^\]]+)\]\(([^)]+)\.md\)/g)) groups.at(-1).items.push({text, link: '/' + link})
  }
  return groups
}

// version is that of the newest heading in the changelog.
function version() {
  const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8')
  return changelog.match(/^## \[?([^\]\n]+)/m)[1].trim()
}

export default defineConfig({
  title: 'Candor',
  description: 'Plain Go functions become a REST API, with an OpenAPI document that never lies.',
  lang: 'en',
  srcDir: 'src',
  ignoreDeadLinks: 'localhostLinks', // of the programs that readers start
  base: process.env.SITE_BASE ?? '/',
  themeConfig: {
    search: {provider: 'local'},
    nav: [
      {text: 'Tutorial', link: '/tutorial/'},
      {text: 'Tags', link: '/tags'},
      {text: 'Options', link: '/options'},
      {text: version(), link: 'https://github.com/candor-go/candor/blob/main/CHANGELOG.md'},
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    socialLinks: [{icon: 'github', link: 'https://github.com/candor-go/candor'}],
  },
})
