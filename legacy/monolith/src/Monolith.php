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
use Strangler\Recorder\Stamp;
use Strangler\Recorder\StampedForNew;
use Strangler\Recorder\StateExport;

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
        private readonly Clock $clock,
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
        $recorder = new Recorder(...array_values(Database::tables()));
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
            new Recording($pdo, $recorder, $outbox, Failure::isFinal(...), $clock->wall(...), Database::BEGIN),
            $clock,
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
     * @param Stamp|null $stamp what the router has decided, where there is one
     * @throws StampedForNew if the message is not for us; there is no outcome then
     * @throws \Throwable what the handler threw; its outcome is recorded then
     */
    public function receiveJson(
        Family $family,
        string $body,
        ?string $messageId,
        string $routingKey,
        ?Stamp $stamp = null,
    ): Outcome {
        $stamp?->admit();
        try {
            $identity = $family === Family::CardTransaction ? (string) $messageId : null;
            $notification = Notification::fromJson($body, $identity);
        } catch (RejectedNotification $rejected) {
            if ((string) $messageId !== '') {
                $this->reject((string) $messageId, $routingKey, $rejected, $stamp);
            }
            throw $rejected;
        }

        return $this->once($notification->id, $notification->type, $stamp, fn () => match (true) {
            Family::ofType($notification->type) !== $family
                => throw new RejectedNotification('this queue does not know the type'),
            $family === Family::Payin => $this->payins->handle($notification),
            $family === Family::CardTransaction => $this->cardTransactions->handle($notification),
            $family === Family::Balance => $this->balances->handle($notification),
        });
    }

    /**
     * @param Stamp|null $stamp what the router has decided, where there is one
     * @throws StampedForNew if the message is not for us; there is no outcome then
     * @throws \Throwable what the handler threw; its outcome is recorded then
     */
    public function receivePayout(PayoutUpdate $payout, ?Stamp $stamp = null): Outcome
    {
        $stamp?->admit();
        if ($payout->webhookId() === '') {
            throw new RejectedNotification('a payout needs an id');
        }

        return $this->once($payout->webhookId(), PayoutHandler::TYPE, $stamp, fn () => $this->payouts->handle($payout));
    }

    /** Records that a message was turned away before a handler saw it. */
    public function reject(string $id, string $type, \Throwable $cause, ?Stamp $stamp = null): void
    {
        $this->recording->recordFailure($id, $type, $cause, stamp: $stamp);
    }

    /**
     * Hands over every row of a family's table, and its lines of the journal, as they are at one moment.
     *
     * @param \Closure(string): void $write takes a line of JSON: an effect each, and at last the end
     * @throws \PDOException if there are no such tables
     */
    public function exportState(Family $family, \Closure $write): void
    {
        $tables = Database::tables();
        (new StateExport($this->pdo, $write))->run([
            [$tables[$family->table()]],
            [$tables['journal'], 'kind LIKE ?', ["{$family->value}.%"]],
        ]);
    }

    /** @param callable(): void $handle */
    private function once(string $id, string $type, ?Stamp $stamp, callable $handle): Outcome
    {
        $this->clock->show($stamp?->clock());
        try {
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
            }, $stamp);
        } finally {
            $this->clock->show(null);
        }
    }
}
