import Testing

@testable import WeirSimulator
