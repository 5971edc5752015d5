import Architecture
import Glibc
import Journal
import Region

// A machine to be killed: writes frames and events as fast as it can until a signal ends it.
//
// RegionVictim DIRECTORY NAME. In frame n every number of the machine and of every context is n, so that a
// frame put together from two would show.

let directory = RegionDirectory(path: CommandLine.arguments[1])
let writer = try RegionWriter(
  name: CommandLine.arguments[2], vpCount: 4, vtlCount: 2, groupCount: 1, ringBytes: 1 << 14,
  directory: directory)

var machine = MachineSnapshot(vpCount: 4, vtlCount: 2, memoryBytes: 1 << 20)
var sequence: UInt64 = 0
for n in UInt64(1)... {
  writer.beginFrame()
  for index in 0..<8 {
    var context = ContextSnapshot(id: ContextID(index / 2, index % 2), group: GroupID(0))
    context.rip = n
    context.instructions = n
    context.counters.exceptions = n
    let state = VectorState(
      vector: VectorNumber(0x40), since: VirtualTime(ticks: n), journey: JourneyID(rawValue: n),
      isLevelTriggered: n % 2 == 0)
    context.pending = [state]
    writer.write(context: context, index: index, generation: n)
  }
  machine.epoch = n
  machine.time = VirtualTime(ticks: n)
  machine.nextEvent = sequence
  writer.endFrame(machine: machine)
  for _ in 0..<10 {
    let body = Event.Body.apicBaseChanged(from: sequence, to: ~sequence)
    writer.append(Event(sequence: sequence, time: VirtualTime(ticks: sequence), rip: sequence, body))
    sequence += 1
  }
  writer.beat(.running, now: n)
}
