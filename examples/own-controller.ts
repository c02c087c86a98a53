/** A controller that admits by a rule of its own, and takes admission back. Run: npx tsx examples/own-controller.ts */
import { filter, firstValueFrom } from 'rxjs'
import { createController } from 'rxzt/controller'
import { privateNetwork } from './private-network.ts'

const zt = await privateNetwork()
const host = await zt.node()
await using controller = createController(host)
const club = await controller.create({
  name: 'club',
  v4AssignMode: { zt: true },
  ipAssignmentPools: [{ ipRangeStart: '10.9.0.10', ipRangeEnd: '10.9.0.20' }],
  routes: [{ target: '10.9.0.0/24' }],
})

const guest = await zt.node()
const joining = guest.join(club.id) // waits at the door until somebody says yes
const request = await firstValueFrom(controller.requests$)
console.log(`${request.member} asks to join ${request.network}`)
await request.authorize({ name: 'guest', ips: ['10.9.0.15'] })

const network = await joining
console.log(`in, as ${network.address(4)}`)
await controller.deauthorize(club.id, guest.id)
const { status } = await firstValueFrom(network.state$.pipe(filter((state) => state.status === 'denied')))
console.log(`and out again: ${status}`)

await zt.close()
