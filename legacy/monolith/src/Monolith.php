<?php

declare(strict_types=1);

namespace Monolith;

use App\Message\PayoutUpdate;
use Monolith\Handler\BalanceHandler;
use Monolith\Handler\CardTransactionHandler;
use Monolith\Handler\PayinHandler;
use Monolith\Handler\PayoutHandler;
use Monolith\Outlet\OutboxPublisher;
use Monolith\Outlet\OutboxWebhookSender;
use Monolith\Outlet\RecordedPublisher;
use Monolith\Outlet\SignedWebhook;
use PDO;
use Strangler\Recorder\Ending;
use Strangler\Recorder\Outbox;
use Strangler\Recorder\Outcome;
use Strangler\Recorder\Recorder;
use Strangler\Recorder\Recording;

/**
 * The application: handlers, wired, behind the check that makes a repeated delivery harmless. Queue consumers and
 * the oracle differ only in where messages come from and where what is made of them goes.
 */
final class Monolith
{
    private function __construct(
        public readonly PDO $pdo,
        public readonly Outbox $outbox,
        public readonly OutboxPublisher $followUps,
        private readonly Recording $recording,
        private readonly PayinHandler $payins,
        private readonly PayoutHandler $payouts,
        private readonly CardTransactionHandler $cardTransactions,
        private readonly BalanceHandler $balances,
    ) {
    }

    /**
     * @param string $source who runs: a family's consumer, or the oracle
     * @param bool $recordOnly true if follow-ups and webhooks are recorded but go nowhere
     */
    public static function bootstrap(
        string $dsn,
        string $webhookSecret,
        string $source,
        bool $recordOnly = false,
        Clock $clock = new Clock(),
    ): self {
        $recorder = new Recorder(...Database::tables());
        $pdo = Database::open($dsn, $recorder);
        $outbox = new Outbox($pdo, $source);
        $followUps = new OutboxPublisher($pdo, $source);
        $publisher = new RecordedPublisher($recorder, $recordOnly ? null : $followUps);
        $webhook = new SignedWebhook(new OutboxWebhookSender($recordOnly ? null : $pdo, $recorder), $webhookSecret);
        $journal = new Journal($pdo);

        return new self(
            $pdo,
            $outbox,
            $followUps,
            new Recording($pdo, $recorder, $outbox, Failure::isFinal(...), $clock->now(...), Database::BEGIN),
            new PayinHandler($pdo, $journal, $publisher, $webhook, $clock),
            new PayoutHandler($pdo, $journal, $publisher, $webhook),
            new CardTransactionHandler($pdo, $journal, $publisher, $webhook),
            new BalanceHandler($pdo, $journal, $publisher, $webhook),
        );
    }

    public function install(): void
    {
        Database::install($this->pdo);
        $this->outbox->install();
    }

    /**
     * @param string|null $messageId AMQP property: identity of card transactions, and the name under which a body
     *        that cannot be read is recorded
     * @throws \Throwable what the handler threw; its outcome is recorded then
     */
    public function receiveJson(Family $family, string $body, ?string $messageId, string $routingKey): Outcome
    {
        try {
            $identity = $family === Family::CardTransaction ? (string) $messageId : null;
            $notification = Notification::fromJson($body, $identity);
        } catch (RejectedNotification $rejected) {
            if ((string) $messageId !== '') {
                $this->reject((string) $messageId, $routingKey, $rejected);
            }
            throw $rejected;
        }

        return $this->once($notification->id, $notification->type, fn () => match (true) {
            Family::ofType($notification->type) !== $family
                => throw new RejectedNotification('this queue does not know the type'),
            $family === Family::Payin => $this->payins->handle($notification),
            $family === Family::CardTransaction => $this->cardTransactions->handle($notification),
            $family === Family::Balance => $this->balances->handle($notification),
        });
    }

    /** @throws \Throwable what the handler threw; its outcome is recorded then */
    public function receivePayout(PayoutUpdate $payout): Outcome
    {
        if ($payout->webhookId() === '') {
            throw new RejectedNotification('a payout needs an id');
        }

        return $this->once($payout->webhookId(), PayoutHandler::TYPE, fn () => $this->payouts->handle($payout));
    }

    /** Records that a message was turned away before a handler saw it. */
    public function reject(string $id, string $type, \Throwable $cause): void
    {
        $this->recording->recordFailure($id, $type, $cause);
    }

    /** @param callable(): void $handle */
    private function once(string $id, string $type, callable $handle): Outcome
    {
        return $this->recording->attempt($id, $type, function () use ($id, $type, $handle): Ending {
            $known = $this->pdo->prepare('SELECT 1 FROM processed_messages WHERE message_id = ?');
            $known->execute([$id]);
            if ($known->fetchColumn()) {
                return Ending::Duplicate;
            }
            $handle();
            $this->pdo->prepare('INSERT INTO processed_messages (message_id, type) VALUES (?, ?)')
                ->execute([$id, $type]);

            return Ending::Done;
        });
    }
}
