import Architecture

/// The first half of a hypercall: what the control word and the registers ask for.
extension HyperVPartition {
  /// Decides what VMCALL means, executed on `vp` by its active VTL.
  ///
  /// Order of checks: mode, VTL switches, reserved bits, code, privilege, then the parameters.
  public func decode(_ registers: HypercallRegisters, on vp: VPIndex) -> HypercallDecision {
    guard registers.cpl == 0, registers.mode != .real else { return .fault(.invalidOpcode) }
    let control = registers.control
    do throws(Fault) {
      switch control.code {
      case .vtlCall: return .vtlCall(to: try checkVTLCall(registers, on: vp))
      case .vtlReturn:
        let (target, isFast) = try checkVTLReturn(registers, on: vp)
        return .vtlReturn(to: target, isFast: isFast)
      default: break
      }
    } catch {
      return .fault(error)
    }
    do throws(HypercallStatus) {
      return .request(try request(registers, on: vp))
    } catch {
      return .answer(HypercallResult(error))
    }
  }

  private func request(_ registers: HypercallRegisters, on vp: VPIndex) throws(HypercallStatus)
    -> HypercallRequest
  {
    let control = registers.control
    guard control.areReservedBitsZero else { throw .invalidHypercallInput }
    guard let hypercall = HypercallTable.find(control.code) else { throw .invalidHypercallCode }
    guard configuration.privileges.isSuperset(of: hypercall.privileges) else { throw .accessDenied }
    let shape = hypercall.shape
    guard shape.accepts(control) else { throw .invalidHypercallInput }

    let inputCount = shape.inputCount(control)
    let outputCount = shape.outputCount(control)
    let input: HypercallRequest.Input
    let output: HypercallRequest.Output
    if control.isFast {
      (input, output) = try registerParameters(registers, inputCount, outputCount)
    } else {
      (input, output) = try memoryParameters(registers, inputCount, outputCount)
    }
    return HypercallRequest(
      caller: active(on: vp), control: control, isLongMode: registers.mode == .long64, input: input,
      output: output, hypercall: hypercall)
  }

  /// Output begins at the next pair of qwords after the input; both have to fit in the seven pairs.
  private func registerParameters(
    _ registers: HypercallRegisters, _ inputCount: Int, _ outputCount: Int
  ) throws(HypercallStatus) -> (HypercallRequest.Input, HypercallRequest.Output) {
    let outputOffset = (inputCount + 15) & ~15
    guard inputCount <= HypercallRegisters.blockSize,
      outputOffset + outputCount <= HypercallRegisters.blockSize
    else { throw .invalidHypercallInput }
    return (
      inputCount == 0 ? .none : .registers(registers.block(inputCount)),
      outputCount == 0 ? .none : .registers(offset: outputOffset)
    )
  }

  /// Each list is 8-byte aligned, inside one page and inside the guest's address space; the two do not
  /// overlap.
  private func memoryParameters(
    _ registers: HypercallRegisters, _ inputCount: Int, _ outputCount: Int
  ) throws(HypercallStatus) -> (HypercallRequest.Input, HypercallRequest.Output) {
    let inputAddress = GPA(registers[0])
    let outputAddress = GPA(registers[1])
    if inputCount > 0 { try checkParameter(inputAddress, inputCount) }
    if outputCount > 0 { try checkParameter(outputAddress, outputCount) }
    if inputCount > 0, outputCount > 0 {
      // Neither sum can wrap: both addresses are below 2^52.
      let isApart =
        inputAddress + UInt64(inputCount) <= outputAddress
        || outputAddress + UInt64(outputCount) <= inputAddress
      guard isApart else { throw .invalidAlignment }
    }
    return (
      inputCount == 0 ? .none : .memory(inputAddress, count: inputCount),
      outputCount == 0 ? .none : .memory(outputAddress, count: outputCount)
    )
  }

  private func checkParameter(_ address: GPA, _ count: Int) throws(HypercallStatus) {
    guard address.rawValue & 7 == 0, address.pageOffset + UInt64(count) <= 4096,
      configuration.isAddressable(address, count: count)
    else { throw .invalidAlignment }
  }
}
