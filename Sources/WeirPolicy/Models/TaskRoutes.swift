/// Picks a model by what a request is for: the header `x-weir-task` beside the model `auto`, or its length.
public struct TaskRoutes: Sendable {
  /// What each task asks of a model.
  public let tasks: [String: Set<ModelCapability>]
  /// The models to pick from, best first.
  public let candidates: [CatalogModel]

  /// The model name that hands the choice to weir.
  public static let automatic = "auto"

  /// The tasks that weir knows without a file (the seeds' names).
  public static let builtInTasks: [String: Set<ModelCapability>] = [
    "autonomous_task": [.agentic],
    "multi_step_workflow": [.agentic, .toolUse],
    "tool_calling": [.toolUse],
    "long_context": [.longContext],
  ]

  /// Adds tasks to the built-in ones, replacing those of the same name.
  public init(candidates: [CatalogModel], tasks: [String: Set<ModelCapability>] = [:]) {
    self.candidates = candidates
    self.tasks = TaskRoutes.builtInTasks.merging(tasks) { $1 }
  }

  /// Why a model was picked, or none.
  public enum Choice: Sendable, Equatable {
    /// The first candidate that can do the task, has room for the request, and may be used now.
    case model(CatalogModel)
    /// No such task; these are known.
    case unknownTask(known: [String])
    /// No candidate can do it, has room and may be used.
    case none
  }

  /// Picks for a task; nil asks for no capability. `mayUse` says whether a model is healthy and switched on, and
  /// `tokens` is the estimated length of the prompt and what may be answered.
  public func choose(task: String?, tokens: Int, mayUse: (CatalogModel) -> Bool) -> Choice {
    var wanted: Set<ModelCapability> = []
    if let task {
      guard let known = tasks[task] else { return .unknownTask(known: tasks.keys.sorted()) }
      wanted = known
    }
    let fitting = candidates.first {
      wanted.isSubset(of: $0.capabilities) && TaskRoutes.hasRoom($0, tokens) && mayUse($0)
    }
    return fitting.map { .model($0) } ?? .none
  }

  /// What a request that is too long for `model` goes to: the first candidate with room and all of the model's
  /// capabilities but the long context; nil when the model has room, or nothing else has.
  public func relief(
    for model: CatalogModel, tokens: Int, mayUse: (CatalogModel) -> Bool
  ) -> CatalogModel? {
    if TaskRoutes.hasRoom(model, tokens) { return nil }
    return candidates.first {
      $0.id != model.id && model.capabilities.subtracting([.longContext]).isSubset(of: $0.capabilities)
        && TaskRoutes.hasRoom($0, tokens) && mayUse($0)
    }
  }

  /// Tasks that no candidate can do: dead rules.
  public var deadTasks: [String] {
    tasks.filter { task in !candidates.contains { task.value.isSubset(of: $0.capabilities) } }.keys.sorted()
  }

  /// A model whose window is not known is taken to have room, since only the upstream can tell.
  private static func hasRoom(_ model: CatalogModel, _ tokens: Int) -> Bool {
    model.contextWindow.map { tokens <= $0 } ?? true
  }
}
