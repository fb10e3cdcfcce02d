"""Everything that can go wrong, by who must act.

    EnplaceError
    ├── UsageError               the caller must change something
    │   ├── BadInput             a value is not acceptable
    │   ├── OutsideRoots         a path leads out of the folders that tools may use
    │   ├── ConfigError          a setting is missing or wrong
    │   ├── TaskNotFound         a task that must exist does not
    │   ├── MessageNotFound      a message to edit or retry is not there
    │   ├── MemoryNotFound       a memory or write that must exist does not
    │   ├── VagueMemory          nobody would find it again as it is put
    │   ├── UnreadableFile       a file gives no text
    │   ├── StaleMemory          it was changed since it was looked at
    │   ├── TaskBusy             another turn of the task is running
    │   ├── PersonNeeded         the task waits for a person's answer
    │   ├── QuestionNotFound     nobody is asked such a question
    │   ├── QuestionClosed       the question was answered before, or has expired
    │   ├── AgentNotFound        an agent that must exist does not
    │   └── IdempotencyConflict  the same key came with another message
    ├── ContextOverflow          the context does not fit the model's window
    ├── BudgetExceeded           a turn used up what it was given
    ├── TurnCancelled            somebody stopped the turn
    ├── EmbedderError            texts cannot be turned into vectors
    ├── ToolboxUnavailable       tools of another process cannot be reached
    ├── ModelError               the model or its provider failed
    │   ├── ModelRefused         the request was rejected; the same again is rejected again
    │   ├── ModelUnavailable     it cannot be reached or loaded now
    │   └── ModelGarbled         its answer cannot be understood
    └── StoreError               a brain cannot be read or written
        ├── BrainTooNew          written by a newer release
        ├── BrainDamaged         not a brain, or a broken one
        ├── BrainBusy            others held its file for too long
        └── LeaseLost            the turn was taken over by another process

A class's docstring is its default message. `code` is stable: route on it, never on the message.
"""

from typing import ClassVar

from enplace.records.canonical import Json, JsonObject


class EnplaceError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "ERROR"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str = "", **details: Json) -> None:
        self.message = message or (type(self).__doc__ or "")
        self.details: JsonObject = details
        super().__init__(self.message)


class UsageError(EnplaceError):
    """The call cannot be carried out as it was made."""

    code = "USAGE"


class BadInput(UsageError):
    """A value is not acceptable."""

    code = "BAD_INPUT"


class OutsideRoots(UsageError):
    """The path leads out of the allowed folders."""

    code = "OUTSIDE_ROOTS"


class ConfigError(UsageError):
    """A setting is missing or wrong."""

    code = "CONFIG"


class TaskNotFound(UsageError):
    """There is no such task."""

    code = "TASK_NOT_FOUND"


class MessageNotFound(UsageError):
    """There is no such message on the task's live branch."""

    code = "MESSAGE_NOT_FOUND"


class MemoryNotFound(UsageError):
    """There is no such memory."""

    code = "MEMORY_NOT_FOUND"


class VagueMemory(UsageError):
    """It would not be found again as it is put."""

    code = "VAGUE_MEMORY"


class UnreadableFile(UsageError):
    """The file cannot be read as text."""

    code = "UNREADABLE_FILE"


class StaleMemory(UsageError):
    """It was changed since it was looked at."""

    code = "STALE_MEMORY"
    retryable = True


class TaskBusy(UsageError):
    """Another turn of this task is running."""

    code = "TASK_BUSY"
    retryable = True


class PersonNeeded(UsageError):
    """The task waits for a person's answer: answer it, or cancel the turn."""

    code = "HITL_REQUIRED"


class QuestionNotFound(UsageError):
    """Nobody is asked such a question."""

    code = "QUESTION_NOT_FOUND"


class QuestionClosed(UsageError):
    """The question was answered before, or it has expired."""

    code = "QUESTION_CLOSED"


class AgentNotFound(UsageError):
    """There is no such agent."""

    code = "AGENT_NOT_FOUND"


class IdempotencyConflict(UsageError):
    """This idempotency key was used for another message."""

    code = "IDEMPOTENCY_CONFLICT"


class ContextOverflow(EnplaceError):
    """The context does not fit the model's window."""

    code = "CONTEXT_OVERFLOW"


class BudgetExceeded(EnplaceError):
    """The turn used up what it was given."""

    code = "BUDGET_EXCEEDED"


class TurnCancelled(EnplaceError):
    """Somebody stopped the turn."""

    code = "CANCELLED"


class EmbedderError(EnplaceError):
    """The embedder failed."""

    code = "EMBEDDER"
    retryable = True


class ToolboxUnavailable(EnplaceError):
    """The tools of another process cannot be reached."""

    code = "TOOLBOX_UNAVAILABLE"
    retryable = True


class ModelError(EnplaceError):
    """The model failed."""

    code = "LLM_PROVIDER_ERROR"


class ModelRefused(ModelError):
    """The provider rejected the request."""

    code = "LLM_REFUSED"


class ModelUnavailable(ModelError):
    """The model cannot be reached or loaded."""

    code = "LLM_UNAVAILABLE"
    retryable = True


class ModelGarbled(ModelError):
    """The model's answer cannot be understood."""

    code = "LLM_GARBLED"
    retryable = True


class StoreError(EnplaceError):
    """The brain cannot be read or written."""

    code = "STORE"


class BrainTooNew(StoreError):
    """The brain was written by a newer release."""

    code = "MIGRATION_REQUIRED"


class BrainDamaged(StoreError):
    """The file is not a brain, or it is damaged."""

    code = "BRAIN_DAMAGED"


class BrainBusy(StoreError):
    """Other processes held the brain's file for too long."""

    code = "BRAIN_BUSY"
    retryable = True


class LeaseLost(StoreError):
    """The turn was taken over by another process."""

    code = "LEASE_LOST"
