import Glibc

/// A thread of its own for the machine. One closure, run once; `join` waits for its end.
public final class MachineThread: Sendable {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private let handle: pthread_t

  public init(_ run: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    // The interpreter's loop keeps little on the stack, but debug builds keep more.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    var thread = pthread_t()
    let body = Unmanaged.passRetained(Body(run)).toOpaque()
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body)
    pthread_attr_destroy(&attributes)
    precondition(status == 0, "the host has no thread left for the machine")
    handle = thread
  }

  public func join() { pthread_join(handle, nil) }
}
